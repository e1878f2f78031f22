package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestRootIsCreatedAndRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "root")
	root, err := claimRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "hn-0", "pods"), 0o750); err != nil {
		t.Fatal(err)
	}
	root.lock.Close() // as syscall.Exec does
	if code := removeRoot(dir, "7"); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if exists(t, dir) {
		t.Error("still there")
	}
}

func TestRootOfAnotherProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "root")
	root, err := claimRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "hn-0", "pods")
	if err := os.MkdirAll(left, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := claimRoot(dir); err == nil {
		t.Error("claimed while in use")
	}
	if !exists(t, left) {
		t.Error("emptied while in use")
	}

	root.lock.Close() // as if the process was killed
	again, err := claimRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.remove()
	if exists(t, left) {
		t.Error("the state of a killed process is still there")
	}
}

func TestRootWithOtherFilesIsLeftAlone(t *testing.T) {
	file := writeFile(t, "precious", "data")
	if _, err := claimRoot(filepath.Dir(file)); err == nil {
		t.Error("claimed")
	}
	removeRoot(filepath.Dir(file), "0")
	if !exists(t, file) {
		t.Error("emptied")
	}
}
