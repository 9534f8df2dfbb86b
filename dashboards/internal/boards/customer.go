package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

const customerFolder = "customer"

func customer() grafana.Board {
	return grafana.Board{
		UID: prefix + customerFolder, Title: "Customer", Source: grafana.ClickHouse, Since: "now-30d", Refresh: "",
		Summary:   "One customer: everything known, and the timeline of what happened. Every table that lists customers leads here.",
		Variables: append([]grafana.Variable{{Name: "customer", Label: "Customer", Text: true}}, dimensions()...), Annotations: marks(),
		Rows: []grafana.Row{
			{Panels: []grafana.Panel{customerSummary(), customerStages(), customerTimeline()}},
			{ID: 100, Title: "Journeys and sessions", Panels: []grafana.Panel{customerJourneys(), customerSessions(), customerIdentities()}},
			{ID: 101, Title: "Find a customer", Panels: []grafana.Panel{customerList()}},
		},
	}
}

// unknown is shown where no customer is chosen, or none of that id is known.
const unknown = "No such customer. Write an id above, or choose one from the list at the bottom"

func customerSummary() grafana.Panel {
	return grafana.Panel{
		ID: 1, Title: "Who this is", Width: 24, Height: 4, Chart: grafana.Table(), Targets: from(customerFolder, "summary"), Empty: unknown,
		Help: "All time, whatever the time range above. The id is the user id where one is known, else the anonymous id.",
		Fields: []grafana.Field{
			{Name: "first_seen", Title: "First seen"}, {Name: "last_seen", Title: "Last seen"}, column("journeys", "Journeys", number), column("session_count", "Sessions", number),
			column("touchpoint_count", "Touchpoints", number), column("orders", "Orders", number), column("revenue_total", "Revenue", money),
			{Name: "first_seen_by", Title: "Came by"}, {Name: "stage_now", Title: "Now at"},
		},
	}
}

func customerStages() grafana.Panel {
	var states []grafana.Mapping
	for _, name := range stageNames {
		states = append(states, grafana.Mapping{Value: name, Text: title(name), Colour: stageColours[name]})
	}
	return grafana.Panel{
		ID: 2, Title: "Stage over time", Width: 24, Height: 5, Chart: grafana.States(), Targets: from(customerFolder, "stages"), Mappings: states, Empty: unknown,
		Help:   "The stage that the customer stood in. Gaps lie between journeys. Widen the time range to see it whole.",
		Fields: []grafana.Field{{Name: "stage", Title: "Stage"}},
	}
}

func customerTimeline() grafana.Panel {
	return grafana.Panel{
		ID: 3, Title: "Timeline", Width: 24, Height: 16, Chart: grafana.Table(), Targets: from(customerFolder, "timeline"),
		Empty: "No touchpoint of this customer in this time range. Widen it", Hide: []string{"stage_number"},
		Help: "The latest 1,000 touchpoints in this time range, newest first. Rule is the stage rule that named the stage; without one, the stage was sent or there is none. A touchpoint without a session came from a system, not from the customer.",
		Fields: []grafana.Field{
			{Name: "occurred_at", Title: "At"}, {Name: "stage", Title: "Stage"}, {Name: "event", Title: "Event"}, {Name: "page", Title: "Page"}, {Name: "channel_name", Title: "Channel"},
			{Name: "campaign_name", Title: "Campaign"}, {Name: "device_name", Title: "Device"}, {Name: "country_name", Title: "Country"}, column("revenue_amount", "Revenue", money), {Name: "rule", Title: "Rule"},
			{Name: "session_started_at", Title: "Session of"}, {Name: "received_at", Title: "Received"}, {Name: "anonymous_id", Title: "Anonymous id"}, {Name: "site_name", Title: "Site"}, {Name: "message_id", Title: "Message id"},
		},
	}
}

func customerJourneys() grafana.Panel {
	return grafana.Panel{
		ID: 4, Title: "Journeys", Width: 24, Height: 7, Chart: grafana.Table(), Targets: from(customerFolder, "journeys"), Empty: unknown,
		Help: "All time, newest first. A journey ends when nothing happens for as long as the site's journey timeout.",
		Fields: []grafana.Field{
			{Name: "started_at", Title: "Begun"}, {Name: "ended_at", Title: "Last touch"}, {Name: "cycle", Title: "Number"}, {Name: "outcome", Title: "Outcome"}, {Name: "furthest", Title: "Furthest"},
			{Name: "stages", Title: "Stages reached"}, {Name: "entry_channel", Title: "Entry channel"}, {Name: "entry_campaign", Title: "Entry campaign"}, {Name: "touchpoints", Title: "Touchpoints"},
			{Name: "sessions", Title: "Sessions"}, {Name: "purchases", Title: "Purchases"}, column("revenue_total", "Revenue", money), {Name: "site", Title: "Site"},
		},
	}
}

func customerSessions() grafana.Panel {
	return grafana.Panel{
		ID: 5, Title: "Sessions", Width: 16, Height: 8, Chart: grafana.Table(), Targets: from(customerFolder, "sessions"), Empty: unknown,
		Help: "All time, newest first.",
		Fields: []grafana.Field{
			{Name: "started_at", Title: "Begun"}, column("duration", "Lasted", seconds), {Name: "touchpoints", Title: "Touchpoints"}, {Name: "interactions", Title: "Of them the customer's"},
			{Name: "channel_name", Title: "Entry channel"}, {Name: "campaign_name", Title: "Entry campaign"}, {Name: "device", Title: "Device"}, {Name: "country", Title: "Country"},
			{Name: "furthest", Title: "Furthest"}, {Name: "purchases", Title: "Purchases"}, column("revenue_total", "Revenue", money),
		},
	}
}

func customerIdentities() grafana.Panel {
	other := []grafana.Link{{Title: "Look at this id", URL: "/d/throughline-customer?${__url_time_range}&var-datasource=${datasource}&var-site=${__data.fields.site:percentencode}&var-customer=${__value.raw:percentencode}"}}
	return grafana.Panel{
		ID: 6, Title: "Known as", Width: 8, Height: 8, Chart: grafana.Table(), Targets: from(customerFolder, "identities"), Empty: "Seen under this id only",
		Help: "Anonymous ids on which this user was seen, or users seen on this anonymous id. Several users on one id are a shared device. What an anonymous id did is shown under the user that it belongs to.",
		Fields: []grafana.Field{
			{Name: "anonymous_id", Title: "Anonymous id", Links: other}, {Name: "user_id", Title: "User", Links: other}, {Name: "first_seen", Title: "First seen"}, {Name: "last_seen", Title: "Last seen"}, {Name: "source_names", Title: "Told by"}, {Name: "site", Title: "Site"},
		},
	}
}

func customerList() grafana.Panel {
	return grafana.Panel{
		ID: 7, Title: "Customers seen lately", Width: 24, Height: 10, Chart: grafana.Table(), Targets: from(customerFolder, "customers"), Empty: nothing, Hide: []string{"customer_kind", "stage"},
		Help: "The latest 100 with a journey begun in this time range and of the sites, channels and so on chosen above. A click opens one.",
		Fields: []grafana.Field{
			customerField(), {Name: "site", Title: "Site"}, {Name: "last_seen", Title: "Last seen"}, {Name: "journeys", Title: "Journeys"}, {Name: "touchpoint_count", Title: "Touchpoints"},
			{Name: "furthest", Title: "Furthest"}, {Name: "orders", Title: "Orders"}, column("revenue_total", "Revenue", money),
		},
	}
}
