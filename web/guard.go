package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"gristmill"
)

// guard refuses requests that a foreign web page made a browser send, and
// those without the token.
func (s *server) guard(r *http.Request, rt *route) error {
	if err := s.checkHost(r); err != nil {
		return err
	}
	if err := s.cross.Check(r); err != nil {
		return gristmill.Hide(gristmill.Forbidden, err, "a page of another origin may not change anything here")
	}
	if s.cfg.Token == "" || (rt != nil && rt.open) {
		return nil
	}
	given, ok := presented(r)
	if !ok {
		return gristmill.Errorf(gristmill.Unauthenticated,
			"this server wants its token: send Authorization: Bearer TOKEN, or in a browser any user name with the token as password")
	}
	// Digests have one length, so that the comparison takes the same time
	// for every guess.
	want, got := sha256.Sum256([]byte(s.cfg.Token)), sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return gristmill.Errorf(gristmill.Unauthenticated, "this is not the server's token")
	}
	return nil
}

// presented returns the token that a request carries: as bearer, or as the
// password of HTTP Basic, which is what a browser can ask for.
func presented(r *http.Request) (string, bool) {
	if scheme, rest, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(rest), true
	}
	_, password, ok := r.BasicAuth()
	return password, ok
}

// checkHost keeps foreign pages from reaching a loopback server under a name of
// theirs that resolves to it (DNS rebinding): over loopback only loopback's own
// names and the configured ones are answered.
func (s *server) checkHost(r *http.Request) error {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return nil
	}
	addr, ok := local.(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return nil
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(s.cfg.Hosts, host) {
		return nil
	}
	return gristmill.Errorf(gristmill.Forbidden, "this server listens on loopback and does not answer to the host %q", r.Host)
}
