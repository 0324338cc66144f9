package remote

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"gristmill"
	"gristmill/ml/frame"
)

// Reach says which machines a source may connect to: those of the public
// internet, and what the operator allowed. Who may write a spec must not reach
// the services beside a worker through it. Names are judged by the address that
// is dialed, after they were resolved, so that a name whose address changes
// between check and use gains nothing. There are no proxies: a proxy would dial
// for us, unjudged.
type Reach struct {
	hosts    map[string]bool // "host" or "host:port", lower case
	networks []netip.Prefix
	given    []string
	resolver *net.Resolver // nil means the system's
}

// NewReach allows hosts beside the public ones: each is an origin
// (http://127.0.0.1:9999), a host with or without a port (warehouse.internal),
// an address, or a network (10.1.0.0/16). The error names what cannot be read.
func NewReach(allow []string) (*Reach, error) {
	r := &Reach{hosts: map[string]bool{}, given: allow}
	for _, text := range allow {
		if p, err := netip.ParsePrefix(text); err == nil {
			r.networks = append(r.networks, p.Masked())
			continue
		}
		host, err := allowedHost(text)
		if err != nil {
			return nil, gristmill.Errorf(gristmill.Invalid, "allowed URL %q: %w; expected an origin such as http://127.0.0.1:9999, a host or a network such as 10.1.0.0/16", withoutUser(text), err)
		}
		r.hosts[host] = true
	}
	return r, nil
}

func allowedHost(text string) (string, error) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return addr.Unmap().String(), nil
	}
	origin := text
	if !strings.Contains(text, "://") {
		origin = "//" + text
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Hostname() == "":
		return "", fmt.Errorf("it is no address")
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("its scheme is neither http nor https")
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("it holds more than scheme, host and port")
	case strings.ContainsAny(u.Hostname(), "*? "):
		return "", fmt.Errorf("patterns are not read")
	}
	host, port := canonicalHost(u.Hostname()), u.Port()
	if port == "" && u.Scheme != "" {
		port = defaultPort(u.Scheme)
	}
	if port == "" {
		return host, nil
	}
	return net.JoinHostPort(host, port), nil
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// canonicalHost is the one spelling of a host's name or address.
func canonicalHost(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// allows reports whether the operator allowed a host by its name.
func (r *Reach) allows(host, port string) bool {
	host = canonicalHost(host)
	return r.hosts[host] || r.hosts[net.JoinHostPort(host, port)]
}

// DialContext connects to host:port. An address that is not public and not
// allowed is Forbidden before a byte is sent.
func (r *Reach) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Invalid, err, "the address %q cannot be read", address)
	}
	d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second, Resolver: r.resolver}
	if !r.allows(host, port) {
		d.Control = func(_, dialed string, _ syscall.RawConn) error { return r.judge(host, dialed) }
	}
	return d.DialContext(ctx, network, address)
}

// judge is asked with the address that is about to be dialed.
func (r *Reach) judge(host, dialed string) error {
	to, err := netip.ParseAddrPort(dialed)
	if err != nil {
		return gristmill.Hide(gristmill.Forbidden, err, "host %s: its address cannot be judged", host)
	}
	addr := to.Addr().WithZone("").Unmap()
	for _, p := range r.networks {
		if p.Contains(addr) {
			return nil
		}
	}
	what := private(addr)
	if what == "" {
		return nil
	}
	at := ""
	if addr.String() != canonicalHost(host) {
		at = fmt.Sprintf(" (%s)", addr)
	}
	return gristmill.Errorf(gristmill.Forbidden, "host %s%s is %s, which specs may not reach; start the worker with --allow-url http://%s to allow it",
		host, at, what, net.JoinHostPort(canonicalHost(host), fmt.Sprint(to.Port())))
}

// reserved are the networks that are not the public internet, by what they are.
// Sources: the IANA registries of special-purpose addresses (RFC 6890), and the
// documentation of Azure for the last one; the metadata services of the other
// clouds are link-local or private.
var reserved = []struct{ what, networks string }{
	{"an unspecified address", "0.0.0.0/8 ::/128"},
	{"a loopback address", "127.0.0.0/8 ::1/128"},
	{"a link-local address", "169.254.0.0/16 fe80::/10"},
	{"a private address", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7 fec0::/10 64:ff9b:1::/48"},
	{"a multicast address", "224.0.0.0/4 ff00::/8"},
	{"a reserved address", "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4"},
	{"a reserved address", "::/96 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16"},
	{"a cloud's own address", "168.63.129.16/32"},
}

// private says what an address is that is not public, "" for a public one. An
// address that carries an IPv4 address (mapped, NAT64, 6to4) is judged by it.
func private(addr netip.Addr) string {
	addr = addr.WithZone("").Unmap()
	for _, r := range reserved {
		for _, text := range strings.Fields(r.networks) {
			if netip.MustParsePrefix(text).Contains(addr) {
				return r.what
			}
		}
	}
	if !addr.Is6() {
		return ""
	}
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr): // NAT64
		return private(netip.AddrFrom4([4]byte(b[12:16])))
	case netip.MustParsePrefix("2002::/16").Contains(addr): // 6to4
		return private(netip.AddrFrom4([4]byte(b[2:6])))
	case !netip.MustParsePrefix("2000::/3").Contains(addr): // the only global unicast there is
		return "a reserved address"
	}
	return ""
}

// withoutUser shortens an address for a message, without a user and password.
func withoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if i := strings.LastIndexByte(rest, '@'); ok && i >= 0 {
		text = scheme + "://..." + rest[i:]
	}
	return frame.Shorten(text)
}
