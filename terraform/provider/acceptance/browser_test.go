package acceptance

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a headless Chromium with one page, driven by the DevTools protocol over a pair of pipes.
type browser struct {
	commands *os.File
	answers  *bufio.Reader
	session  string
	number   int
}

const pageTimeout = 60 * time.Second

// openPage skips the test where there is no Chromium. It trusts the broker's certificate, whoever signed it.
func (b *broker) openPage(t *testing.T, address string) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		lacks(t, "chromium is not on this machine")
	}
	connection, err := tls.Dial("tcp", fmt.Sprintf("localhost:%d", b.https), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(connection.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	connection.Close()
	commandsOut, commandsIn := must2(os.Pipe())
	answersOut, answersIn := must2(os.Pipe())
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+profile, "--remote-debugging-pipe",
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(key[:]))
	process.ExtraFiles = []*os.File{commandsOut, answersIn} // its file descriptors 3 and 4
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	commandsOut.Close()
	answersIn.Close()
	t.Cleanup(func() {
		commandsIn.Close() // Chromium ends with it
		ended := make(chan struct{})
		go func() { _ = process.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = process.Process.Kill()
			<-ended
		}
		// Its helpers may write a moment longer than it lives.
		for deadline := time.Now().Add(pageTimeout); os.RemoveAll(profile) != nil && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
	})
	_ = answersOut.SetReadDeadline(time.Now().Add(2 * pageTimeout))
	page := &browser{commands: commandsIn, answers: bufio.NewReader(answersOut)}
	target := page.call(t, "Target.createTarget", map[string]any{"url": address})["targetId"]
	page.session = page.call(t, "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true})["sessionId"].(string)
	return page
}

// call is try for what must succeed.
func (p *browser) call(t testing.TB, method string, parameters map[string]any) map[string]any {
	t.Helper()
	result, refusal := p.try(t, method, parameters)
	if refusal != nil {
		t.Fatalf("%s: %v", method, refusal)
	}
	return result
}

// try sends a command and waits for its answer, past the events in between. The second result is what the browser refuses it with.
func (p *browser) try(t testing.TB, method string, parameters map[string]any) (result map[string]any, refusal any) {
	t.Helper()
	p.number++
	message := map[string]any{"id": p.number, "method": method, "params": parameters}
	if p.session != "" {
		message["sessionId"] = p.session
	}
	bytes, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.commands.Write(append(bytes, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		text, err := p.answers.ReadBytes(0)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		var answer struct {
			ID     int            `json:"id"`
			Result map[string]any `json:"result"`
			Error  any            `json:"error"`
		}
		if json.Unmarshal(text[:len(text)-1], &answer) == nil && answer.ID == p.number {
			return answer.Result, answer.Error
		}
	}
}

// evaluate gives the value of an expression in the page; nil if it throws, as it does while the page loads, or if there is no page
// to evaluate it in yet.
func (p *browser) evaluate(t testing.TB, expression string) any {
	t.Helper()
	evaluated, _ := p.try(t, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true})
	result, _ := evaluated["result"].(map[string]any)
	return result["value"]
}

// await waits until an expression is true.
func (p *browser) await(t testing.TB, expression string) {
	t.Helper()
	for deadline := time.Now().Add(pageTimeout); p.evaluate(t, expression) != true; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the page does not come to %s:\n%v", expression, p.evaluate(t, "document.body.innerText"))
		}
	}
}

func must2[T, U any](one T, two U, err error) (T, U) {
	if err != nil {
		panic(err)
	}
	return one, two
}
