// Program report turns what "go test -json" prints into a report that Maven's other modules write too, and prints what failed:
//
//	go test -json ./... | go run ./internal/report target/surefire-reports/TEST-go.xml
package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type testCase struct {
	ClassName string  `xml:"classname,attr"`
	Name      string  `xml:"name,attr"`
	Time      float64 `xml:"time,attr"`
	Failure   *reason `xml:"failure"`
	Skipped   *reason `xml:"skipped"`
}

type reason struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Cases    []testCase `xml:"testcase"`
}

func main() {
	report, failed, err := collect(os.Stdin, os.Stdout)
	if err == nil {
		err = write(os.Args[1], report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	fmt.Printf("Go tests run: %d, Failures: %d, Skipped: %d\n", report.Tests, report.Failures, report.Skipped)
	if failed {
		os.Exit(1)
	}
}

// collect reads events; a package that does not build counts as one failed test.
func collect(events io.Reader, log io.Writer) (suite, bool, error) {
	report := suite{Name: "go"}
	outputs := map[string][]string{}
	reader := bufio.NewReader(events)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return report, true, err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprint(log, string(line))
			continue
		}
		key := e.Package + "." + e.Test
		switch e.Action {
		case "output", "build-output":
			outputs[key] = append(outputs[key], e.Output)
			if e.Action == "build-output" {
				fmt.Fprint(log, e.Output)
			}
		case "pass", "fail", "skip":
			one := testCase{ClassName: e.Package, Name: e.Test, Time: e.Elapsed}
			text := strings.Join(outputs[key], "")
			if e.Test == "" && (e.Action != "fail" || slices.ContainsFunc(report.Cases, func(c testCase) bool {
				return c.ClassName == e.Package && c.Failure != nil
			})) {
				continue
			}
			if e.Action == "fail" {
				report.Failures++
				one.Failure = &reason{"failed", text}
				fmt.Fprint(log, text)
			}
			if e.Action == "skip" {
				report.Skipped++
				one.Skipped = &reason{strings.TrimSpace(text), ""}
			}
			report.Tests++
			report.Cases = append(report.Cases, one)
			delete(outputs, key)
		}
	}
	return report, report.Failures > 0, nil
}

func write(file string, report suite) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	text, err := xml.MarshalIndent(report, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
