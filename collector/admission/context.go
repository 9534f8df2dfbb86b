package admission

// context reads the members of context that become columns, and keeps its bytes.
func (d *draft) context() bool {
	open, ok := d.object("context")
	if !open {
		return ok
	}
	start := d.scan.Pos()
	m := members{prefix: "context."}
	for m.next(d) {
		if !d.contextField(m.key, start) {
			return false
		}
	}
	d.t.Context = d.scan.Since(start)
	return d.problem == nil
}

func (d *draft) contextField(key string, start int) bool {
	switch key {
	case "page":
		return d.page()
	case "campaign":
		return d.campaign()
	case "location":
		return d.location()
	case "device":
		return d.device()
	case "user_agent":
		return d.text("context.user_agent", &d.agent)
	case "locale":
		return d.text("context.locale", &d.t.Locale)
	case "ip":
		d.scan.Peek()
		from := d.scan.Pos()
		ok := d.text("context.ip", &d.ip)
		d.ipStart, d.ipEnd = from-start, d.scan.Pos()-start
		return ok
	}
	return d.skip()
}

func (d *draft) page() bool {
	open, ok := d.object("context.page")
	if !open {
		return ok
	}
	for m := (members{prefix: "context.page."}); m.next(d); {
		switch m.key {
		case "url":
			d.text("context.page.url", &d.t.Url)
		case "path":
			d.text("context.page.path", &d.t.Path)
		case "referrer":
			d.text("context.page.referrer", &d.t.Referrer)
		case "title":
			d.text("context.page.title", &d.t.Title)
		default:
			d.skip()
		}
	}
	return d.problem == nil
}

func (d *draft) campaign() bool {
	open, ok := d.object("context.campaign")
	if !open {
		return ok
	}
	for m := (members{prefix: "context.campaign."}); m.next(d); {
		switch m.key {
		case "name":
			d.text("context.campaign.name", &d.t.Campaign)
		case "source":
			d.text("context.campaign.source", &d.t.CampaignSource)
		case "medium":
			d.text("context.campaign.medium", &d.t.CampaignMedium)
		case "term":
			d.text("context.campaign.term", &d.t.CampaignTerm)
		case "content":
			d.text("context.campaign.content", &d.t.CampaignContent)
		default:
			d.skip()
		}
	}
	return d.problem == nil
}

func (d *draft) location() bool {
	return d.member("context.location", "context.location.", "country", "context.location.country", &d.t.Country)
}

func (d *draft) device() bool {
	return d.member("context.device", "context.device.", "type", "context.device.type", &d.t.Device)
}

// member reads one string of an optional object whose other members are not looked at.
func (d *draft) member(object, prefix, key, field string, into *string) bool {
	open, ok := d.object(object)
	if !open {
		return ok
	}
	for m := (members{prefix: prefix}); m.next(d); {
		if m.key == key {
			d.text(field, into)
		} else {
			d.skip()
		}
	}
	return d.problem == nil
}
