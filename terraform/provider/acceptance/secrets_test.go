package acceptance

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// signedToken is a JSON Web Token in compact form: the three parts, because the start of one alone stands by chance in some certificates.
var signedToken = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}`)

// traced runs something while terraform and the provider write all that they can write to trace.log.
func (w *workspace) traced(t testing.TB, run func()) {
	t.Helper()
	w.set("TF_LOG", "TRACE").set("TF_LOG_PATH", w.file("trace.log"))
	run()
	w.set("TF_LOG", "").set("TF_LOG_PATH", "")
}

// holdsNoSecret looks for keys, tokens and other secrets in the files of the workspace's folder, among which the expected ones have to
// be, in its plans in JSON, and in the broker's log.
func (w *workspace) holdsNoSecret(t testing.TB, b *broker, secrets map[string]string, expected ...string) {
	t.Helper()
	texts := map[string][]byte{"the broker's log": must(os.ReadFile(b.file("broker.log")))}
	for _, file := range must(filepath.Glob(w.file("*"))) {
		if information, err := os.Stat(file); err == nil && information.Mode().IsRegular() {
			texts[filepath.Base(file)] = must(os.ReadFile(file))
		}
		if filepath.Ext(file) == ".plan" {
			texts[filepath.Base(file)+" as JSON"] = []byte(w.run(t, "show", "-json", file))
		}
	}
	for _, name := range expected {
		if len(texts[name]) == 0 {
			t.Errorf("there is no %s to look at", name)
		}
	}
	for name, text := range texts {
		for what, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", name, what)
			}
		}
		for what, secret := range map[string]string{"a private key": "PRIVATE KEY", "the administrator's token": b.token(t)} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", name, what)
			}
		}
		if token := signedToken.Find(text); token != nil {
			t.Errorf("%s holds the token %s", name, token)
		}
	}
}
