package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// Listen is an address that a service of ours listens on.
type Listen struct {
	// Variable that sets it.
	Variable string
	Addr     string
	// Path at which our own service answers 200 to everybody.
	Path string
}

// Ports checks that each address is free, or held by the service that it is meant for.
func Ports(name string, listens []Listen) Check {
	return Check{Name: name, Run: func(ctx context.Context) Finding {
		var p problems
		var found []string
		for _, l := range listens {
			if l.Addr == "" {
				continue
			}
			said, err := l.look(ctx)
			if err != nil {
				p.fail(err.Error(), "stop what is there (ss -ltnp tells its name), or set "+l.Variable+" to another address")
				continue
			}
			found = append(found, l.Addr+" "+said)
		}
		return p.or(good("%s", strings.Join(found, ", ")))
	}}
}

// look tells whether the address is free or ours.
func (l Listen) look(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Addr)
	if err == nil {
		return "is free", listener.Close()
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("%s cannot be listened on: %w", l.Addr, err)
	}
	addr, err := reachable(l.Addr)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+l.Path, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", addr, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("another program listens at %s", l.Addr)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("another program listens at %s: it answers HTTP %d to %s", l.Addr, answer.StatusCode, l.Path)
	}
	return "is ours", nil
}

// AdminAddresses checks that metrics and profiles are not offered to everybody. own gives the addresses of this machine.
func AdminAddresses(name string, listens []Listen, own func() ([]net.Addr, error)) Check {
	return Check{Name: name, Run: func(context.Context) Finding {
		var p problems
		var found []string
		for _, l := range listens {
			host, _, err := net.SplitHostPort(l.Addr)
			if err != nil {
				continue // empty, or said by the check of the configuration
			}
			if public := publicBehind(host, own); public != "" {
				p.warn(fmt.Sprintf("%s=%s offers metrics and profiles at the public address %s", l.Variable, l.Addr, public),
					"set "+l.Variable+" to a loopback or private address, or close its port to the outside")
				continue
			}
			found = append(found, l.Addr)
		}
		return p.or(good("%s: private", strings.Join(found, ", ")))
	}}
}

// publicBehind gives the first public address that listening on a host offers, "" when there is none.
func publicBehind(host string, own func() ([]net.Addr, error)) string {
	ip := net.ParseIP(host)
	if ip != nil && !ip.IsUnspecified() {
		return public(ip)
	}
	if ip == nil && host != "" {
		return "" // a name, such as localhost
	}
	addrs, err := own()
	if err != nil {
		return host + " (the addresses of this machine cannot be listed)"
	}
	for _, a := range addrs {
		if network, ok := a.(*net.IPNet); ok && public(network.IP) != "" {
			return network.IP.String()
		}
	}
	return ""
}

func public(ip net.IP) string {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ""
	}
	return ip.String()
}
