package acceptance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// broker is a real one in a process of its own, with everything in a folder that the test's end removes.
type broker struct {
	folder      string
	https, mqtt int
	process     *exec.Cmd
	exited      chan struct{}
}

// startTimeout is for a machine that builds other things too; a start takes a second or two.
const startTimeout = 5 * time.Minute

func home(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// signalbox is the command, the repository's own unless SIGNALBOX names another.
func signalbox(t testing.TB) string {
	t.Helper()
	if command := os.Getenv("SIGNALBOX"); command != "" {
		return command
	}
	return filepath.Join(home(t), "signalbox")
}

// lacks skips the test for want of something, or fails it where the tests are required.
func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TESTS_REQUIRED") != "" {
		t.Fatal(what + ", and tests are required")
	}
	t.Skip(what)
}

// needsBroker skips the test where there is no packaged broker.
func needsBroker(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(home(t), "server/target/signalbox.jar")); err != nil && os.Getenv("SIGNALBOX") == "" {
		lacks(t, "there is no packaged broker; build it first: mvn -pl server -am package -DskipTests")
	}
}

// startBroker skips the test where there is no packaged broker.
func startBroker(t *testing.T) *broker {
	t.Helper()
	needsBroker(t)
	b := &broker{folder: t.TempDir(), https: freePort(t), mqtt: freePort(t)}
	b.write(t, "signalbox.yaml", fmt.Sprintf(`
data-directory: %s
listeners:
  - { name: mqtts, type: tls, bind: [127.0.0.1], port: %d, client-certificate: optional }
  - { name: wss, type: wss, bind: [127.0.0.1], port: %d, client-certificate: optional, path: /mqtt }
`, b.file("data"), b.mqtt, b.https))
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			log, _ := os.ReadFile(b.file("broker.log"))
			t.Logf("the broker's log:\n%s", last(string(log), 4000))
		}
	})
	b.start(t)
	return b
}

func (b *broker) file(name string) string { return filepath.Join(b.folder, name) }

func (b *broker) write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.WriteFile(b.file(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.file(name)
}

// start runs the broker and waits until it answers.
func (b *broker) start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(b.file("broker.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	b.process = exec.Command(signalbox(t), "serve", "--config", b.file("signalbox.yaml"))
	b.process.Env = append(os.Environ(), "SIGNALBOX_BUILD=never")
	b.process.Dir = b.folder
	b.process.Stdout, b.process.Stderr = log, log
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	b.exited = make(chan struct{})
	go func(process *exec.Cmd, exited chan struct{}) {
		_ = process.Wait()
		close(exited)
	}(b.process, b.exited)
	deadline := time.Now().Add(startTimeout)
	for !b.answersAt(t, "/health/ready") {
		select {
		case <-b.exited:
			text, _ := os.ReadFile(b.file("broker.log"))
			t.Fatalf("the broker has stopped:\n%s", last(string(text), 4000))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("the broker does not answer")
		}
	}
}

// authorities are those that its certificate may come from.
func (b *broker) authorities(t testing.TB) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(b.caFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

// answersAt says whether there is something at an address of the broker.
func (b *broker) answersAt(t testing.TB, path string) bool {
	t.Helper()
	if _, err := os.Stat(b.caFile()); err != nil {
		return false
	}
	http := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.authorities(t)},
		DisableKeepAlives: true}}
	response, err := http.Get(b.endpoint() + path)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == 200
}

// kill is kill -9, as a crash would be.
func (b *broker) kill() {
	_ = b.process.Process.Signal(syscall.SIGKILL)
	<-b.exited
}

func (b *broker) endpoint() string { return fmt.Sprintf("https://localhost:%d", b.https) }

func (b *broker) caFile() string { return b.file("data/pki/ca.crt") }

func (b *broker) token(t testing.TB) string {
	t.Helper()
	token, err := os.ReadFile(b.file("data/admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// api is how a test does things behind Terraform's back.
func (b *broker) api(t testing.TB) *client.Client {
	t.Helper()
	authorities, err := os.ReadFile(b.caFile())
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.New(client.Config{Endpoint: b.endpoint(), Token: b.token(t), CAPEM: string(authorities), Timeout: packetTimeout})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// get reads any object of the API as JSON.
func (b *broker) get(t testing.TB, path string) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := b.api(t).Get(context.Background(), path, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// change puts an object back with some fields changed.
func (b *broker) change(t testing.TB, path string, fields map[string]any) {
	t.Helper()
	object := b.get(t, path)
	for _, shown := range []string{"createdAt", "updatedAt", "revision"} {
		delete(object, shown)
	}
	for name, value := range fields {
		object[name] = value
	}
	if err := b.api(t).Put(context.Background(), path, client.Always, object, nil); err != nil {
		t.Fatal(err)
	}
}

// command runs one of Signalbox's own.
func (b *broker) command(t testing.TB, arguments ...string) string {
	t.Helper()
	command := exec.Command(signalbox(t), arguments...)
	command.Dir = b.folder
	command.Env = append(os.Environ(), "SIGNALBOX_BUILD=never")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("signalbox %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

// takenPorts are those that freePort gave to a test of this process.
var takenPorts sync.Map

// freePort is one that nobody gets by chance until the broker listens, and while it is away: below those that the system gives to
// whoever asks for any port, and to connections that go out.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1_000 {
		port := 12_000 + rand.IntN(20_000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listener.Close()
		if _, taken := takenPorts.LoadOrStore(port, true); !taken {
			return port
		}
	}
	t.Fatal("there is no free port between 12000 and 32000")
	return 0
}

func last(text string, bytes int) string { return text[max(0, len(text)-bytes):] }

func asJSON(t testing.TB, text string) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, last(text, 2000))
	}
	return object
}
