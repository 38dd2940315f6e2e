// Package acceptance lets the real terraform work with the provider against a real broker.
package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// version is the provider's in the mirror.
const version = "0.1.0"

// commandTimeout is what one run of terraform may take, unless the workspace says otherwise.
const commandTimeout = 3 * time.Minute

// mirror builds the provider once, into a folder laid out as a filesystem_mirror is.
var mirror = sync.OnceValues(func() (string, error) {
	folder, err := filepath.Abs("../../target/mirror")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "signalbox.internal/signalbox/signalbox", version, runtime.GOOS+"_"+runtime.GOARCH,
		"terraform-provider-signalbox_v"+version)
	build := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return folder, nil
})

// workspace is a folder with a configuration of Terraform in it.
type workspace struct {
	// program is terraform, or what stands in for it.
	program     string
	folder      string
	environment []string
	timeout     time.Duration
	// cpu is what terraform and the provider have used so far.
	cpu time.Duration
}

// newWorkspace skips the test where there is no terraform. The CLI configuration knows nothing but the mirror, so that "init"
// asks nobody.
func newWorkspace(t *testing.T, configuration string) *workspace {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		lacks(t, "terraform is not on this machine")
	}
	plugins, err := mirror()
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{program: "terraform", folder: t.TempDir(), timeout: commandTimeout}
	w.write(t, "terraform.rc", fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		plugins))
	w.environment = append(os.Environ(), "TF_CLI_CONFIG_FILE="+w.file("terraform.rc"), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "NO_COLOR=1",
		"SIGNALBOX_TOKEN=", "SIGNALBOX_PATIENCE=0s")
	if configuration != "" {
		w.write(t, "main.tf", requirement+configuration)
	}
	return w
}

const requirement = `
terraform {
  required_providers {
    signalbox = { source = "signalbox.internal/signalbox/signalbox" }
  }
}
`

// of lets the provider talk to this broker as its first administrator.
func (w *workspace) of(t testing.TB, b *broker) *workspace {
	t.Helper()
	return w.set("SIGNALBOX_ENDPOINT", b.endpoint()).set("SIGNALBOX_CA_FILE", b.caFile()).set("SIGNALBOX_TOKEN", b.token(t))
}

func (w *workspace) set(name, value string) *workspace {
	w.environment = append(w.environment, name+"="+value)
	return w
}

func (w *workspace) file(name string) string { return filepath.Join(w.folder, name) }

func (w *workspace) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.file(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.file(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// try runs terraform and gives what it printed and its exit code.
func (w *workspace) try(t testing.TB, arguments ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), w.timeout)
	defer cancel()
	command := exec.CommandContext(ctx, w.program, arguments...)
	command.Dir = w.folder
	command.Env = w.environment
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	w.cpu += command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return output.String(), command.ProcessState.ExitCode()
}

// run is try for what must succeed.
func (w *workspace) run(t testing.TB, arguments ...string) string {
	t.Helper()
	output, code := w.try(t, arguments...)
	if code != 0 {
		t.Fatalf("%s %s exits with %d:\n%s", w.program, strings.Join(arguments, " "), code, last(output, 8000))
	}
	return output
}

func (w *workspace) init(t testing.TB) *workspace {
	t.Helper()
	w.run(t, "init", "-no-color")
	return w
}

func (w *workspace) apply(t testing.TB, arguments ...string) string {
	t.Helper()
	return w.run(t, append([]string{"apply", "-auto-approve", "-no-color"}, arguments...)...)
}

// hasNothingToDo is "plan -detailed-exitcode" with the answer that nothing would change.
func (w *workspace) hasNothingToDo(t testing.TB, arguments ...string) {
	t.Helper()
	output, code := w.try(t, append([]string{"plan", "-detailed-exitcode", "-no-color"}, arguments...)...)
	if code != 0 {
		t.Fatalf("the plan should be empty, and exits with %d:\n%s", code, last(output, 8000))
	}
}

// fails runs what must not succeed, and looks for words in what terraform says, however it breaks the lines.
func (w *workspace) fails(t testing.TB, words []string, arguments ...string) string {
	t.Helper()
	output, code := w.try(t, arguments...)
	plain := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " ")
	if code == 0 {
		t.Fatalf("terraform %s succeeds", strings.Join(arguments, " "))
	}
	for _, word := range words {
		if !strings.Contains(plain, word) {
			t.Errorf("terraform %s does not say %q:\n%s", strings.Join(arguments, " "), word, output)
		}
	}
	return output
}

// state is the content of the state file.
func (w *workspace) state(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(w.file("terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// planned gives the actions of a plan by resource address, with the attributes that change where there are some before and after;
// resources without a change are left out.
func (w *workspace) planned(t testing.TB) map[string]string {
	t.Helper()
	w.run(t, "plan", "-out=the.plan", "-no-color")
	var plan struct {
		Changes []struct {
			Address string `json:"address"`
			Change  struct {
				Actions       []string `json:"actions"`
				Before, After map[string]any
			} `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(w.run(t, "show", "-json", "the.plan")), &plan); err != nil {
		t.Fatal(err)
	}
	planned := map[string]string{}
	for _, one := range plan.Changes {
		action := strings.Join(one.Change.Actions, "-")
		if action == "no-op" || action == "read" {
			continue
		}
		for name, after := range one.Change.After {
			if before, found := one.Change.Before[name]; found && !reflect.DeepEqual(before, after) {
				action += fmt.Sprintf(" %s: %v -> %v", name, before, after)
			}
		}
		planned[one.Address] = action
	}
	return planned
}
