package vm_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/targettest"
	"servebench/targets/vm"
)

// kind is the target with the guest's first process as built for this test, and
// a cache of its own. A test that runs itself once more finds them made.
func kind(tb testing.TB) targets.Kind {
	tb.Helper()
	const variable = "TEST_GUESTINIT"
	path := os.Getenv(variable)
	if path == "" {
		path = targettest.Program(tb, "guestinit")
		tb.Setenv(variable, path)
		ownCache(tb)
	}
	return vm.Kind(func() (string, error) { return path, nil })
}

// ownCache keeps what a test finds out about KVM from the user's cache, whose
// kernels it uses.
func ownCache(tb testing.TB) {
	tb.Helper()
	guests, err := filepath.Abs(filepath.Join(userCache(tb), "guest"))
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	if err := os.Symlink(guests, filepath.Join(dir, "guest")); err != nil {
		tb.Fatal(err)
	}
	tb.Setenv("SERVEBENCH_CACHE", dir)
}

// userCache is the cache folder that the target uses, outside of tests.
func userCache(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("SERVEBENCH_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		tb.Skipf("there is no cache folder with a guest's kernel: %v", err)
	}
	return filepath.Join(dir, "servebench")
}

func TestConformance(t *testing.T) {
	targettest.Run(t, targettest.Suite{Kind: kind(t), Carrier: "qemu-system-x86_64", Guest: true, Parallel: 2})
}

// What guests would be made of is said in the words of a deployment's facts.
func TestDescribe(t *testing.T) {
	kind := kind(t)
	if err := kind.Check(t.Context(), nil); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	whole := regexp.MustCompile(`\(SHA-256 [0-9a-f]{64}\)$`)
	for name, options := range map[string]map[string]string{"auto": nil, "tcg": emulated()} {
		facts, err := kind.Describe(t.Context(), options)
		if err != nil || len(facts) != 3 || facts[0].Name != "engine" || facts[1].Name != "acceleration" || facts[2].Name != "kernel" {
			t.Fatalf("%s: %+v, %v, want engine, acceleration and kernel", name, facts, err)
		}
		if !strings.HasPrefix(facts[0].Value, "QEMU ") || !whole.MatchString(facts[2].Value) {
			t.Errorf("%s: %+v", name, facts)
		}
		if name == "tcg" && facts[1].Value != "TCG (software emulation), as asked for" {
			t.Errorf("%s: %+v", name, facts[1])
		}
	}
	if _, err := kind.Describe(t.Context(), map[string]string{"accel": "xen"}); err == nil || !strings.HasPrefix(err.Error(), "vm: ") {
		t.Errorf("error %v does not refuse the option", err)
	}
}

func BenchmarkDeploy(b *testing.B) {
	targettest.Benchmark(b, targettest.Suite{Kind: kind(b)})
}
