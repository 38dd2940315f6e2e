// Program docs writes the provider's documentation from its own schema, in the layout that Terraform's registry reads:
//
//	go run ./internal/docs
//
// A test fails while what is in the folder docs is not what this would write.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	pages, err := Pages(context.Background(), "examples")
	if err == nil {
		err = write("docs", pages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// write replaces the folder, so that the page of what is gone goes too.
func write(folder string, pages map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, text := range pages {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
