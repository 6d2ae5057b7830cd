package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets"
)

// nothing hides the engines of this machine.
func nothing(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
}

func TestCheckWithoutAnyEngine(t *testing.T) {
	nothing(t)
	err := Kind().Check(t.Context(), nil)
	unavailable, ok := errors.AsType[*targets.Unavailable](err)
	if !ok {
		t.Fatalf("Check: %v, want why the target is not available", err)
	}
	for _, word := range []string{"no Docker Engine answers", "docker.sock", "neither runc nor crun is in PATH"} {
		if !strings.Contains(unavailable.Why, word) {
			t.Errorf("%q does not say %q", unavailable.Why, word)
		}
	}
	if want := targets.Install("runc", "runc"); unavailable.Fix != want {
		t.Errorf("fix %q, want %q", unavailable.Fix, want)
	}
	for _, engine := range []string{auto, docker, runc} {
		if _, err := Kind().Open(targets.Config{Options: map[string]string{"engine": engine}}); !errors.As(err, &unavailable) {
			t.Errorf("Open with engine %s: %v", engine, err)
		}
	}
}

func TestCheckWithADistantEngine(t *testing.T) {
	nothing(t)
	t.Setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
	if err := Kind().Check(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "tcp://10.0.0.1:2375") {
		t.Errorf("Check: %v, want that the engine is not on this machine", err)
	}
}

func TestCheckWithARuntimeAlone(t *testing.T) {
	nothing(t)
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "crun"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := Kind().Check(t.Context(), nil)
	if os.Geteuid() == 0 && err != nil {
		t.Errorf("Check: %v, want none: crun is there", err)
	}
	if os.Geteuid() != 0 && (err == nil || !strings.Contains(err.Error(), "root")) {
		t.Errorf("Check: %v, want that it needs root", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("the rest needs root; run as root")
	}
	for _, set := range []map[string]string{{"engine": docker}, {"network": bridge}} {
		unavailable, ok := errors.AsType[*targets.Unavailable](Kind().Check(t.Context(), set))
		if !ok || !strings.Contains(unavailable.Why, "no Docker Engine answers") || strings.Contains(unavailable.Why, "runc") {
			t.Errorf("Check with %v: %v, want that there is no Docker Engine, and no more", set, unavailable)
		}
		if _, err := Kind().Open(targets.Config{Options: set}); !errors.As(err, &unavailable) {
			t.Errorf("Open with %v: %v, want that it is not available", set, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	nothing(t)
	if facts, err := Kind().Describe(t.Context(), nil); err == nil {
		t.Errorf("Describe: %v, though there is no engine", facts)
	}
	if os.Geteuid() != 0 {
		t.Skip("the rest needs root; run as root")
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "crun"), []byte("#!/bin/sh\necho crun version 1.8.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	facts, err := Kind().Describe(t.Context(), nil)
	if err != nil || len(facts) != 1 || facts[0].Name != "engine" || !strings.Contains(facts[0].Value, "1.8.1") {
		t.Errorf("Describe: %v, %v, want crun 1.8.1 as the engine", facts, err)
	}
}

// Options that nothing could fulfil are a mistake, whatever there is here.
func TestBadOptions(t *testing.T) {
	nothing(t)
	for _, set := range []map[string]string{{"engine": "lxc"}, {"engine": runc, "network": bridge}} {
		_, err := Kind().Open(targets.Config{Options: set})
		if _, unavailable := errors.AsType[*targets.Unavailable](err); err == nil || unavailable || !strings.Contains(err.Error(), "option ") {
			t.Errorf("Open with %v: %v, want what is wrong with the options", set, err)
		}
		if err := Kind().Check(t.Context(), set); err != nil {
			t.Errorf("Check with %v: %v, want none: that is Open's to say", set, err)
		}
	}
}

func TestIsProxy(t *testing.T) {
	proxy := "/usr/sbin/docker-proxy\x00-proto\x00tcp\x00-host-ip\x00127.0.0.1\x00-host-port\x0020001\x00-container-port\x008080\x00"
	if !isProxy(proxy, 20001) || isProxy(proxy, 2000) || isProxy(proxy, 8080) || isProxy("sh\x00-host-port\x0020001\x00", 20001) {
		t.Error("a command line is taken for what it is not")
	}
}
