package acceptance

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheProviderIsTheSameAfterACommitElsewhere: Terraform's lock file holds its checksum.
func TestTheProviderIsTheSameAfterACommitElsewhere(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"git", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			lacks(t, program+" is not on this machine")
		}
	}
	folder := t.TempDir()
	run := func(name string, arguments ...string) {
		t.Helper()
		command := exec.Command(name, arguments...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
	}
	if err := os.CopyFS(filepath.Join(folder, "provider"), os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "mirror"), must(os.ReadFile("../../mirror")), 0o755); err != nil {
		t.Fatal(err)
	}
	run("git", "init", "-q")
	run("git", "add", "mirror")
	sums := map[[sha256.Size]byte]bool{}
	for _, subject := range []string{"First", "Second"} {
		run("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", subject)
		run("./mirror")
		found := must(filepath.Glob(filepath.Join(folder, "target/mirror/*/*/*/*/*/terraform-provider-*")))
		if len(found) != 1 {
			t.Fatalf("the providers are %v", found)
		}
		sums[sha256.Sum256(must(os.ReadFile(found[0])))] = true
	}
	if len(sums) != 1 {
		t.Error("a commit that changes nothing of the provider makes another one")
	}
}
