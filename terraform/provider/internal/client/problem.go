package client

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// The types of problem that this package tells apart; only those of the broker begin so.
const (
	problemTypes    = "urn:signalbox:problem:"
	notFound        = problemTypes + "not-found"
	noSuchOperation = problemTypes + "no-such-operation"
)

// Problem is an answer of the API that says what is wrong (RFC 9457).
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []ProblemField `json:"errors,omitempty"`
}

// ProblemField points at a field of the body (RFC 6901), or at a place in a text.
type ProblemField struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
	Line    int64  `json:"line,omitempty"`
	Column  int64  `json:"column,omitempty"`
}

func (f ProblemField) String() string {
	where := f.Pointer
	if f.Line > 0 {
		where = fmt.Sprintf("line %d, column %d", f.Line, f.Column)
	}
	if where == "" {
		return f.Detail
	}
	return where + ": " + f.Detail
}

func (p *Problem) Error() string {
	lines := []string{p.Detail}
	if p.Detail == "" {
		lines[0] = p.Title
	}
	for _, field := range p.Errors {
		if !strings.Contains(p.Detail, field.Detail) {
			lines = append(lines, field.String())
		}
	}
	switch p.Status {
	case http.StatusUnauthorized:
		lines = append(lines, "Set \"token\" or \"token_file\" (or, without \"certificate_file\", SIGNALBOX_TOKEN) to a token that the broker "+
			"accepts, or \"certificate_file\" and \"private_key_file\" to a client certificate of an administrator. The first administrator's token is in the file "+
			"admin.token of the broker's data directory.")
	case http.StatusForbidden:
		lines = append(lines, "The credential is good, but its groups give no role that may do this; the section \"admin\" of the broker's "+
			"configuration maps groups to roles.")
	}
	return strings.Join(lines, "\n")
}

func problemOf(response *http.Response, content []byte) *Problem {
	problem := &Problem{}
	err := json.Unmarshal(content, problem)
	asked := fmt.Sprintf("%s %s answered \"%s\"", response.Request.Method, response.Request.URL.Redacted(), response.Status)
	switch {
	case err != nil || problem.Status == 0:
		problem = &Problem{Title: response.Status, Detail: asked + " without saying why; is this the admin API of a Signalbox broker? " + checkEndpoint}
	case problem.isOfElsewhere(response.StatusCode):
		problem.Detail = asked + ": " + problem.Detail + "\nSo this is no address of the admin API. " + checkEndpoint
	}
	problem.Status = response.StatusCode
	return problem
}

// isOfElsewhere says that the address is none of the API, whoever answers there: the broker's other paths are only read.
func (p *Problem) isOfElsewhere(status int) bool {
	return p.Type == noSuchOperation ||
		((status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && !strings.HasPrefix(p.Type, problemTypes))
}

// checkEndpoint ends what is said of an answer that is not the broker's.
const checkEndpoint = "Check \"endpoint\" (or SIGNALBOX_ENDPOINT), which is the address of a wss listener without a path, and what stands " +
	"between here and the broker."

// Unreachable says that no answer came.
type Unreachable struct {
	Endpoint string
	Cause    error
}

func (u *Unreachable) Unwrap() error { return u.Cause }

func (u *Unreachable) Error() string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(u.Cause, &unknown):
		return fmt.Sprintf("the certificate of %s comes from an authority that is not trusted here: %v\nSet \"ca_file\" (or "+
			"SIGNALBOX_CA_FILE) to the broker's CA; of its development PKI that is ca.crt in the folder pki of the data directory.",
			u.Endpoint, u.Cause)
	case errors.As(u.Cause, &host):
		return fmt.Sprintf("the certificate of %s is for another name: %v\nUse a name in \"endpoint\" that the certificate holds.",
			u.Endpoint, u.Cause)
	}
	return fmt.Sprintf("no answer from %s: %v\nIs the broker running, is \"endpoint\" (or SIGNALBOX_ENDPOINT) the address of its wss "+
		"listener, and does no firewall stand between?", u.Endpoint, u.Cause)
}

// IsNotFound says that the object does not exist. Only the broker itself knows that: a 404 of anybody else, such as a proxy, says that
// the broker was not asked.
func IsNotFound(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Status == http.StatusNotFound && problem.Type == notFound
}

// IsPreconditionFailed says that a Condition does not hold.
func IsPreconditionFailed(err error) bool { return hasStatus(err, http.StatusPreconditionFailed) }

// IsConflict says that the object's state does not allow the change.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

func hasStatus(err error, status int) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Status == status
}
