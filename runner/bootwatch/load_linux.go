package bootwatch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc, the same for all programs.
const tick = 10 * time.Millisecond

// LoadOf reads the load of a process from /proc/PID/stat and that of its
// threads, see proc_pid_stat(5). The scheduler's own statistics would tell more,
// but not every kernel has them.
func LoadOf(pid int) (Load, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	whole, err := readStat(dir)
	if err != nil {
		return Load{}, err
	}
	l := Load{Used: whole.used}
	threads, err := os.ReadDir(filepath.Join(dir, "task"))
	if err != nil {
		return Load{}, fmt.Errorf("threads of process %d: %w", pid, err)
	}
	for _, t := range threads {
		s, err := readStat(filepath.Join(dir, "task", t.Name()))
		switch {
		case err == nil:
			l.Runnable = l.Runnable || s.state == "R"
		case !errors.Is(err, fs.ErrNotExist): // a thread may have ended since
			return Load{}, err
		}
	}
	return l, nil
}

type stat struct {
	state string
	used  time.Duration
}

func readStat(dir string) (stat, error) {
	path := filepath.Join(dir, "stat")
	text, err := os.ReadFile(path)
	if err != nil {
		return stat{}, err
	}
	s, err := parseStat(string(text))
	if err != nil {
		return stat{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// parseStat starts after the program's name, which is in parentheses and may
// itself hold some: field 3 is the state, 14 and 15 are utime and stime.
func parseStat(text string) (stat, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return stat{}, fmt.Errorf("too few fields: %.80q", text)
	}
	user, err := strconv.ParseUint(fields[11], 10, 32)
	if err != nil {
		return stat{}, fmt.Errorf("utime: %w", err)
	}
	system, err := strconv.ParseUint(fields[12], 10, 32)
	if err != nil {
		return stat{}, fmt.Errorf("stime: %w", err)
	}
	return stat{fields[0], time.Duration(user+system) * tick}, nil
}
