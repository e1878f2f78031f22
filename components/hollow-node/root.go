package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"k8s.io/klog/v2"
)

// rootLock marks a folder as a hollow node's, so that no other one is ever emptied, and is locked while in use.
const rootLock = "hollow-node.lock"

// stateRoot is the folder that everything the kubelets write is below.
type stateRoot struct {
	dir  string
	lock *os.File
}

// claimRoot creates the folder, or empties the one that a killed process left.
func claimRoot(dir string) (*stateRoot, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	lockFile := filepath.Join(dir, rootLock)
	if _, err := os.Stat(lockFile); errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
		return nil, fmt.Errorf("--root %s: has files that are not a hollow node's", dir)
	}
	lock, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("--root %s: in use by another hollow node: %w", dir, err)
	}
	for _, entry := range entries {
		if entry.Name() == rootLock {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			lock.Close()
			return nil, fmt.Errorf("--root: %w", err)
		}
	}
	return &stateRoot{dir: dir, lock: lock}, nil
}

// removeRootCommand is what a process that ends replaces itself with.
const removeRootCommand = "remove-root"

// leave ends the process and removes the folder. Kubelets cannot be stopped and go on writing, so the process first becomes
// another one, which has none.
func (r *stateRoot) leave(code int) {
	klog.Flush()
	args := []string{os.Args[0], removeRootCommand, r.dir, strconv.Itoa(code)}
	err := syscall.Exec("/proc/self/exe", args, os.Environ())
	fmt.Fprintln(os.Stderr, "hollow-node: --root is left behind:", err)
	os.Exit(code)
}

// removeRoot is that other process; like claimRoot, it touches only folders that are a hollow node's.
func removeRoot(dir, code string) int {
	root, err := claimRoot(dir)
	if err == nil {
		err = root.remove()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hollow-node: --root is left behind:", err)
	}
	exitCode, err := strconv.Atoi(code)
	if err != nil {
		return 1
	}
	return exitCode
}

func (r *stateRoot) remove() error {
	defer r.lock.Close()
	return os.RemoveAll(r.dir)
}
