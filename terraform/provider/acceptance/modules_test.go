package acceptance

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// module gives a workspace in which a module's folder is copied, so that nothing is left in the source tree.
func module(t *testing.T, name string) *workspace {
	t.Helper()
	w := newWorkspace(t, "")
	if err := os.CopyFS(w.file("module"), os.DirFS(filepath.Join("../../modules", name))); err != nil {
		t.Fatal(err)
	}
	w.folder = w.file("module")
	return w
}

// passesItsOwnTests runs a module's tests with terraform, and with OpenTofu where it is on this machine.
func passesItsOwnTests(t *testing.T, count int, prepared func(t *testing.T) *workspace) {
	for _, program := range []string{"terraform", "tofu"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(program); err != nil && program == "tofu" {
				t.Skip("tofu is not on this machine")
			}
			w := prepared(t)
			w.program = program
			w.init(t)
			if output := w.run(t, "test", "-no-color"); !strings.Contains(output, fmt.Sprintf("Success! %d passed, 0 failed.", count)) {
				t.Errorf("not all tests ran:\n%s", output)
			}
		})
	}
}

func TestTheModuleServicePassesItsOwnTests(t *testing.T) {
	t.Parallel()
	passesItsOwnTests(t, 22, func(t *testing.T) *workspace { return module(t, "service") })
}

func TestWhatTheModuleServiceRendersIsAccepted(t *testing.T) {
	t.Parallel()
	w := module(t, "service")
	w.folder = filepath.Dir(w.folder)
	java, err := exec.LookPath("java")
	if err != nil {
		java = "/bin/sh"
	}
	data := t.TempDir()
	w.write(t, "main.tf", fmt.Sprintf(`
module "service" {
  source        = "./module"
  jar_url       = "https://files.example.com/signalbox.jar"
  jar_sha256    = "%064d"
  java          = %q
  bind          = ["127.0.0.1"]
  configuration = { data-directory = %q, limits = { connections-max = 1000 } }
  policies      = { pump = file("pump.json") }
}

output "all" {
  value = { unit = module.service.systemd_unit, configuration = module.service.configuration_yaml, user_data = module.service.user_data }
}
`, 0, java, data))
	w.write(t, "pump.json", `{"version": 1, "name": "pump", "match": {"group": "pumps"}, "statements": [
  {"id": "data", "effect": "allow", "actions": ["connect", "publish"], "clientIds": ["${device.id}"], "topics": ["pump/${device.id}/#"]}]}`)
	w.init(t).apply(t)
	all := asJSON(t, w.run(t, "output", "-json", "all"))

	t.Run("by systemd-analyze", func(t *testing.T) {
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			t.Skip("systemd-analyze is not on this machine")
		}
		w.write(t, "signalbox.service", all["unit"].(string))
		output, err := exec.Command("systemd-analyze", "verify", w.file("signalbox.service")).CombinedOutput()
		// systemd before 254 goes on without these.
		unknown := regexp.MustCompile(`Unknown key.* '(RestartSteps|RestartMaxDelaySec)'`)
		for line := range strings.Lines(string(output)) {
			if strings.Contains(line, "signalbox.service") && !unknown.MatchString(line) {
				t.Error(line)
			}
		}
		if err != nil {
			t.Errorf("%v\n%s", err, output)
		}
	})
	t.Run("by signalbox serve --check", func(t *testing.T) {
		needsBroker(t)
		b := &broker{folder: w.folder}
		w.write(t, "signalbox.yaml", all["configuration"].(string))
		w.write(t, "policies/pump.policy.yaml", string(must(os.ReadFile(w.file("pump.json")))))
		b.command(t, "serve", "--config", "signalbox.yaml", "--check")
	})
	t.Run("by the rules of cloud-init", func(t *testing.T) {
		isCloudConfig(t, all["user_data"].(string))
		if _, err := exec.LookPath("cloud-init"); err != nil {
			return // the rules alone
		}
		w.write(t, "user-data.yaml", all["user_data"].(string))
		if output, err := exec.Command("cloud-init", "schema", "--config-file", w.file("user-data.yaml")).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
	})
}

func TestTheServiceAwaitsItsCertificate(t *testing.T) {
	t.Parallel()
	w := module(t, "service")
	w.folder = filepath.Dir(w.folder)
	certificate, key := w.file("the server's.crt"), w.file("server.key")
	w.write(t, "main.tf", fmt.Sprintf(`
module "service" {
  source           = "./module"
  jar_url          = "https://files.example.com/signalbox.jar"
  jar_sha256       = "%064d"
  certificate_file = %q
  private_key_file = %q
}

output "await" {
  value = module.service.files["/opt/signalbox/await-certificate"]
}
`, 0, certificate, key))
	w.init(t).apply(t)
	w.write(t, "await", w.run(t, "output", "-raw", "await"))
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	waiting := exec.CommandContext(ctx, "sh", w.file("await"))
	said := must(waiting.StdoutPipe())
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, certificate) || !strings.Contains(line, key) {
		t.Errorf("it does not say what it waits for: %q, %v", line, err)
	}
	w.write(t, filepath.Base(certificate), "certificate")
	w.write(t, filepath.Base(key), "key")
	if err := waiting.Wait(); err != nil {
		t.Error(err)
	}
	// Both are there now: nothing is said.
	if output, err := exec.CommandContext(ctx, "sh", w.file("await")).CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("%v: %s", err, output)
	}
}

// isCloudConfig checks the keys that are used as cloud-init's own schema does.
func isCloudConfig(t *testing.T, text string) {
	t.Helper()
	var document struct {
		PackageUpdate bool       `yaml:"package_update"`
		Packages      []string   `yaml:"packages"`
		Users         []any      `yaml:"users"`
		RunCmd        [][]string `yaml:"runcmd"`
		WriteFiles    []struct {
			Path, Content, Permissions, Owner string
		} `yaml:"write_files"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "#cloud-config\n") || len(document.RunCmd) == 0 || len(document.WriteFiles) != 4 {
		t.Errorf("this is no cloud-config with four files:\n%s", text)
	}
	for _, file := range document.WriteFiles {
		if !filepath.IsAbs(file.Path) || file.Content == "" || !slices.Contains([]string{"0644", "0755"}, file.Permissions) || file.Owner != "root:root" {
			t.Errorf("%+v is not a file that cloud-init writes as meant", file)
		}
	}
}

func TestTheExamplesInTheReadmeOfServiceAreFormatted(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "")
	text := string(must(os.ReadFile("../../modules/service/README.md")))
	blocks := strings.Split(text, "```terraform\n")[1:]
	if len(blocks) != 4 {
		t.Errorf("there are %d examples, not 4", len(blocks))
	}
	for i, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		w.write(t, fmt.Sprintf("example-%d.tf", i), code)
	}
	w.run(t, "fmt", "-check", "-diff")
}

func TestTheExamplesOfTheDocumentationAreValid(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "")
	count := 0
	for _, pattern := range []string{"../examples/*/example.tf", "../examples/*/*/example.tf"} {
		for _, file := range must(filepath.Glob(pattern)) {
			w.write(t, fmt.Sprintf("example-%d.tf", count), string(must(os.ReadFile(file))))
			count++
		}
	}
	if count < 20 {
		t.Errorf("there are only %d examples", count)
	}
	_, request := requestOf(t, "pump-7")
	w.write(t, "pump-7.csr", request)
	w.write(t, "pump-8.csr", request)
	w.write(t, "installer.crt", authority(t, "Installer"))
	w.write(t, "factory-ca.crt", authority(t, "Factory"))
	w.init(t).run(t, "validate", "-no-color")
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestTheModuleFleetPassesItsOwnTests(t *testing.T) {
	t.Parallel()
	passesItsOwnTests(t, 10, func(t *testing.T) *workspace {
		b := startBroker(t)
		w := module(t, "fleet").of(t, b)
		before := b.inventory(t)
		t.Cleanup(func() { b.holdsWhatItHeld(t, before) })
		return w
	})
}

func TestTheModuleFleetKeepsDevicesAllowedWhileItRenamesTheirGroup(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := module(t, "fleet")
	w.folder = filepath.Dir(w.folder)
	in := func(group string) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
module "fleet" {
  source   = "./module"
  policies = { fleet-data = "version: 1\nname: fleet-data\nstatements:\n- {id: data, effect: allow, actions: [publish], topics: [a]}\n" }
  groups   = { %[1]s = { policies = ["fleet-data"] } }
  devices  = { fleet-1 = { groups = [%[1]q] }, fleet-2 = { groups = [%[1]q] } }
}
`, group))
	}
	var order []string
	var lock sync.Mutex
	proxy := newBetween(t, b).when(func(_ int64, what string) bool {
		lock.Lock()
		defer lock.Unlock()
		order = append(order, what)
		return false
	})
	w.of(t, b)
	in("pumps")
	w.init(t).apply(t)
	in("valves")
	w.through(t, proxy).apply(t)
	w.hasNothingToDo(t)
	at := func(what string) int {
		found := slices.Index(order, what)
		if found < 0 {
			t.Errorf("there is no %s in %v", what, order)
		}
		return found
	}
	attached, detached := at("PUT /api/v1/attachments/api:fleet-data/group/valves"), at("DELETE /api/v1/attachments/api:fleet-data/group/pumps")
	for _, device := range []string{"PUT /api/v1/devices/fleet-1", "PUT /api/v1/devices/fleet-2"} {
		if moved := at(device); attached > moved || moved > detached {
			t.Errorf("a device is without its policy for a while: %v", order)
		}
	}
}
