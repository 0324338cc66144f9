package remote

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"gristmill"
	"gristmill/dataset"
)

func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"8.8.8.8": "", "93.184.216.34": "", "2606:4700::1111": "", "172.15.0.1": "", "172.32.0.1": "", "100.63.0.1": "", "100.128.0.1": "", "1.1.1.1": "",
		"127.0.0.1": "a loopback address", "127.255.1.2": "a loopback address", "::1": "a loopback address",
		"0.0.0.0": "an unspecified address", "0.1.2.3": "an unspecified address", "::": "an unspecified address",
		"169.254.169.254": "a link-local address", "fe80::1": "a link-local address", "fe80::1%eth0": "a link-local address",
		"10.0.0.1": "a private address", "172.16.0.1": "a private address", "172.31.255.255": "a private address", "192.168.1.1": "a private address",
		"100.64.0.1": "a private address", "100.100.100.200": "a private address", "fc00::1": "a private address", "fd00:ec2::254": "a private address",
		"224.0.0.1": "a multicast address", "ff02::1": "a multicast address", "255.255.255.255": "a reserved address",
		"192.0.0.192": "a reserved address", "198.18.0.1": "a reserved address", "2001:db8::1": "a reserved address", "2001::1": "a reserved address",
		"::ffff:127.0.0.1": "a loopback address", "::ffff:10.0.0.1": "a private address", "::ffff:8.8.8.8": "", "::127.0.0.1": "a reserved address",
		"64:ff9b::127.0.0.1": "a loopback address", "64:ff9b::8.8.8.8": "", "64:ff9b:1::1": "a private address",
		"2002:7f00:1::": "a loopback address", "2002:a00:1::": "a private address", "2002:808:808::": "", "4000::1": "a reserved address",
		"168.63.129.16": "a cloud's own address",
	} {
		if got := private(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestNewReachReadsOriginsHostsAndNetworks(t *testing.T) {
	t.Parallel()
	r, err := NewReach([]string{"http://127.0.0.1:9999", "https://Intern.Example/", "warehouse:8080", "lake.internal", "[::1]:7", "10.1.2.3/16"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, port string
		want       bool
	}{
		{"127.0.0.1", "9999", true}, {"127.0.0.1", "9998", false}, {"::ffff:127.0.0.1", "9999", true}, {"intern.example", "443", true}, {"INTERN.example.", "443", true},
		{"intern.example", "80", false}, {"warehouse", "8080", true}, {"warehouse", "80", false}, {"lake.internal", "1", true}, {"x.lake.internal", "1", false}, {"::1", "7", true},
	} {
		if got := r.allows(c.host, c.port); got != c.want {
			t.Errorf("%s port %s: %v", c.host, c.port, got)
		}
	}
	if r.judge("x", "10.1.255.1:80") != nil || r.judge("x", "10.2.0.1:80") == nil {
		t.Error("the network 10.1.0.0/16 is judged wrongly")
	}
	const forms = "; expected an origin such as http://127.0.0.1:9999, a host or a network such as 10.1.0.0/16"
	for text, want := range map[string]string{
		"":                     `allowed URL "": it is no address` + forms,
		"ftp://x":              `allowed URL "ftp://x": its scheme is neither http nor https` + forms,
		"http://x/path":        `allowed URL "http://x/path": it holds more than scheme, host and port` + forms,
		"http://u:swordfish@x": `allowed URL "http://...@x": it holds more than scheme, host and port` + forms,
		"*.internal":           `allowed URL "*.internal": patterns are not read` + forms,
	} {
		if _, err := NewReach([]string{text}); gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// names is a name server of this process whose answers change.
func names(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	var mu sync.Mutex
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeSuccess, nil
			mu.Lock()
			if m.Questions[0].Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
					Body: &dnsmessage.AResource{A: netip.MustParseAddr(answers[0]).As4()}}}
				if len(answers) > 1 {
					answers = answers[1:]
				}
			}
			mu.Unlock()
			if b, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(b, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A name is judged by the address that is dialed, so a name server that gives a
// public address first and a private one then gains nothing.
func TestReachJudgesNamesWhenTheyAreDialed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	r, err := NewReach(nil)
	if err != nil {
		t.Fatal(err)
	}
	r.resolver = names(t, "93.184.216.34", "127.0.0.1")
	if a, err := r.resolver.LookupHost(t.Context(), "rebind.example"); err != nil || a[0] != "93.184.216.34" {
		t.Fatalf("first look-up: %v, %v", a, err)
	}
	_, err = r.DialContext(t.Context(), "tcp", "rebind.example:"+port)
	h := NewHTTP(r, nil, HTTPConfig{})
	_, httpErr := h.Open(t.Context(), dataset.SourceSpec{Kind: dataset.FromHTTP, URL: "http://rebind.example:" + port + "/x"})
	want := "source http://rebind.example:" + port + "/x: host rebind.example (127.0.0.1) is a loopback address, which specs may not reach; start the worker with --allow-url http://rebind.example:" + port + " to allow it"
	if gristmill.KindOf(httpErr) != gristmill.Forbidden || gristmill.Public(httpErr) != want || err == nil {
		t.Errorf("dial: %v\n got %v\nwant %s", err, httpErr, want)
	}
	open, err := NewReach([]string{"rebind.example"})
	if err != nil {
		t.Fatal(err)
	}
	open.resolver = r.resolver
	c, err := open.DialContext(t.Context(), "tcp", "rebind.example:"+port)
	if err != nil {
		t.Fatalf("an allowed name: %v", err)
	}
	c.Close()
}
