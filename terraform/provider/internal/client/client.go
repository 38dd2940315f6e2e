// Package client speaks the admin API of a Signalbox broker. Its types follow the API's OpenAPI document; a test compares them.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// bodyBytesMax bounds what is read of one answer.
	bodyBytesMax = 64 << 20
	// connectionsMax is above what terraform's -parallelism usually is, so that no request waits for another's connection.
	connectionsMax = 128
)

// Config says where the broker is and who asks. The zero value of an optional field means that it is not used.
type Config struct {
	// Endpoint is the https address of a wss listener, such as https://localhost:8443.
	Endpoint string
	// Token goes into the Authorization header.
	Token string
	// CertificatePEM and PrivateKeyPEM are the client certificate.
	CertificatePEM, PrivateKeyPEM string
	// CAPEM holds the authorities that the broker's certificate may come from; without it the system's are used.
	CAPEM string
	// Timeout of one request; and of all attempts, several times that.
	Timeout time.Duration
	// Patience is for how long a request is repeated while the broker cannot be reached or says that it is busy.
	Patience time.Duration
	// UserAgent names the program.
	UserAgent string
}

// Client is good for any number of goroutines.
type Client struct {
	base      string
	token     string
	userAgent string
	patience  time.Duration
	http      *http.Client
	lookups   sync.Map // name of a certificate to *lookups
}

// New checks the configuration; it does not connect.
func New(config Config) (*Client, error) {
	endpoint, err := url.Parse(config.Endpoint)
	if err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http") {
		return nil, fmt.Errorf("endpoint %q is no address such as https://localhost:8443", config.Endpoint)
	}
	if endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return nil, errors.New("the endpoint is an address alone, without user, query and fragment; the token goes into \"token\"")
	}
	if endpoint.Scheme == "http" && !isLoopback(endpoint.Hostname()) {
		return nil, fmt.Errorf("endpoint %q would send credentials unencrypted; use https (http only towards this machine itself)", config.Endpoint)
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.CAPEM != "" {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM([]byte(config.CAPEM)) {
			return nil, errors.New("the CA file holds no certificate in PEM form")
		}
	}
	if (config.CertificatePEM == "") != (config.PrivateKeyPEM == "") {
		return nil, errors.New("a client certificate needs both the certificate and its private key")
	}
	if config.CertificatePEM != "" {
		pair, err := tls.X509KeyPair([]byte(config.CertificatePEM), []byte(config.PrivateKeyPEM))
		if err != nil {
			return nil, fmt.Errorf("the client certificate cannot be used: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	if config.Timeout <= 0 {
		config.Timeout = 30 * time.Second
	}
	return &Client{
		base:      strings.TrimSuffix(config.Endpoint, "/") + "/api/v1",
		token:     config.Token,
		userAgent: config.UserAgent,
		patience:  config.Patience,
		http: &http.Client{
			Timeout: config.Timeout,
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				TLSClientConfig:     settings,
				TLSHandshakeTimeout: config.Timeout,
				MaxIdleConnsPerHost: connectionsMax,
				MaxConnsPerHost:     connectionsMax,
				IdleConnTimeout:     time.Minute,
			},
			// A redirect would carry the token elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || (address != nil && address.IsLoopback())
}

// Condition is what an object must be like for a change to happen.
type Condition struct{ header, value string }

var (
	// Always changes whatever there is.
	Always = Condition{}
	// OnlyCreate fails if there is one.
	OnlyCreate = Condition{"If-None-Match", "*"}
)

// OnlyRevision fails if the object is not as it was when it had this revision.
func OnlyRevision(revision int64) Condition {
	return Condition{"If-Match", `"` + strconv.FormatInt(revision, 10) + `"`}
}

// Get reads what is at the path into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, Always, nil, out)
}

// Put creates or replaces; it may be repeated.
func (c *Client) Put(ctx context.Context, path string, condition Condition, in, out any) error {
	return c.do(ctx, http.MethodPut, path, condition, in, out)
}

// Post asks for something; the API has no POST that may not be repeated.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	return c.do(ctx, http.MethodPost, path, Always, in, out)
}

// Delete removes; what is not there was removed already.
func (c *Client) Delete(ctx context.Context, path string) error {
	err := c.do(ctx, http.MethodDelete, path, Always, nil, nil)
	if IsNotFound(err) {
		return nil
	}
	return err
}

// encoded gives a body and its media type; none for nil.
func encoded(in any) (body []byte, mediaType string, err error) {
	switch in := in.(type) {
	case nil:
		return nil, "", nil
	case *Policy:
		return []byte(in.Document), in.mediaType(), nil
	}
	body, err = json.Marshal(in)
	return body, "application/json", err
}

// do sends a request until it is answered, refused, or patience ends. Every request of this API is safe to repeat.
func (c *Client) do(ctx context.Context, method, path string, condition Condition, in, out any) error {
	body, mediaType, err := encoded(in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	deadline := time.Now().Add(c.patience)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		wait, err := c.once(ctx, method, path, condition, body, mediaType, out)
		if err == nil || wait < 0 {
			return err
		}
		wait = max(wait, pause)
		if time.Now().Add(wait).After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// once sends a request one time. The first result is after how long it is worth trying again, negative if never.
func (c *Client) once(ctx context.Context, method, path string, condition Condition, body []byte, mediaType string, out any) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	request.Header.Set("Accept", "application/json, application/problem+json, */*;q=0.1")
	if c.userAgent != "" {
		request.Header.Set("User-Agent", c.userAgent)
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if condition.header != "" {
		request.Header.Set(condition.header, condition.value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return unreached(err), &Unreachable{Endpoint: strings.TrimSuffix(c.base, "/api/v1"), Cause: err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, bodyBytesMax))
	if err != nil {
		return 0, &Unreachable{Endpoint: strings.TrimSuffix(c.base, "/api/v1"), Cause: err}
	}
	if response.StatusCode >= 300 {
		return retryAfter(response), problemOf(response, content)
	}
	switch target := out.(type) {
	case nil:
		if len(content) > 0 && !json.Valid(content) { // a page of something in between, which has done nothing
			return -1, fmt.Errorf("%s %s: the answer is not what the API promises: it is no JSON. %s", method, path, checkEndpoint)
		}
	case *string:
		*target = string(content)
	default:
		if err := json.Unmarshal(content, out); err != nil {
			return -1, fmt.Errorf("%s %s: the answer is not what the API promises: %w. %s", method, path, err, checkEndpoint)
		}
	}
	return -1, nil
}

// unreached tells what may pass (no listener, cut connection) from what will not (a certificate, a name that does not exist).
func unreached(err error) time.Duration {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var alert tls.AlertError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &certificate), errors.As(err, &alert):
		return -1
	case errors.As(err, &name) && name.IsNotFound:
		return -1
	case strings.Contains(err.Error(), "remote error: tls:"), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return -1
	}
	return 0
}

func retryAfter(response *http.Response) time.Duration {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(min(max(seconds, 0), 60)) * time.Second
	}
	return -1
}
