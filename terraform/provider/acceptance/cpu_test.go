//go:build long

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cpuOf is the time that a process has had so far, in the kernel too; false where /proc does not show it.
func cpuOf(pid int) (time.Duration, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100, true
}

// cpu is the time that the broker's process has had.
func (b *broker) cpu(t testing.TB) time.Duration {
	t.Helper()
	used, found := cpuOf(b.process.Process.Pid)
	if !found {
		t.Skip("only Linux tells a process's CPU time in /proc")
	}
	return used
}

// lookEvery is rare enough to cost nothing itself.
const lookEvery = 200 * time.Millisecond

// watchProviders adds up what the processes of the provider use that run from a mirror's folder, until the function that it gives is
// called. Terraform starts several, one after the other, and the sum lacks what each did after the last look at it.
func watchProviders(plugins string) (used func() time.Duration) {
	done, result := make(chan struct{}), make(chan time.Duration)
	go func() {
		seen := map[int]time.Duration{}
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			for _, pid := range processesFrom(plugins) {
				if used, found := cpuOf(pid); found {
					seen[pid] = used
				}
			}
			select {
			case <-done:
				var sum time.Duration
				for _, used := range seen {
					sum += used
				}
				result <- sum
				return
			case <-tick.C:
			}
		}
	}()
	return func() time.Duration {
		close(done)
		return <-result
	}
}

// processesFrom finds those whose program is in a folder.
func processesFrom(folder string) (found []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if program, err := os.Readlink(link); err == nil && strings.HasPrefix(program, folder+"/") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
			found = append(found, pid)
		}
	}
	return found
}
