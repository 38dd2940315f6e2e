package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDocumentationIsThatOfTheSchema(t *testing.T) {
	pages, err := Pages(context.Background(), "../../examples")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		if got, err := os.ReadFile(filepath.Join("../../docs", name)); err != nil || string(got) != want {
			t.Errorf("docs/%s is not up to date; run: go run ./internal/docs", name)
		}
	}
	err = filepath.WalkDir("../../docs", func(file string, entry fs.DirEntry, err error) error {
		if name, _ := filepath.Rel("../../docs", file); err == nil && !entry.IsDir() && pages[filepath.ToSlash(name)] == "" {
			t.Errorf("docs/%s describes nothing that there is; run: go run ./internal/docs", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEverythingHasAnExampleAndEveryAttributeADescription(t *testing.T) {
	pages, err := Pages(context.Background(), "../../examples")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range pages {
		if !strings.Contains(text, "\n## Example\n") {
			t.Errorf("%s has no example; write examples/%s/example.tf", name, strings.TrimSuffix(name, ".md"))
		}
		if strings.HasPrefix(name, "resources/") && !strings.Contains(text, "\n## Import\n") {
			t.Errorf("%s does not say how to import; write examples/%s/import.txt", name, strings.TrimSuffix(name, ".md"))
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "- `") && strings.HasSuffix(strings.TrimSpace(line), ")") && strings.Count(line, " ") < 4 {
				t.Errorf("%s: no description: %s", name, line)
			}
		}
	}
}
