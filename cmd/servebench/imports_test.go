package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// room is one folder of the house: which packages it holds and which of ours
// they may import. A pattern ends in "/…" to mean the folder and all below it;
// "*" stands for one path element.
type room struct {
	packages string
	imports  []string
	// ownOnly forbids third-party imports as well.
	ownOnly bool
}

// rooms is the import table. The first room that holds a package decides.
var rooms = []room{
	{packages: "generators", ownOnly: true},
	{packages: "generators/drift/alarms", imports: []string{"generators", "generators/credit", "generators/drift", "generators/sea", "generators/shift"}},
	{packages: "generators/drift/profiles", imports: []string{"generators", "generators/datafile", "generators/drift", "reports/record/userfile"}},
	{packages: "generators/…", imports: []string{"generators"}},
	{packages: "targets", imports: []string{"reports/record"}, ownOnly: true},
	{packages: "targets/protocol", imports: []string{"generators"}, ownOnly: true},
	{packages: "targets/protocol/jsonbody", imports: []string{"generators"}, ownOnly: true},
	{packages: "targets/protocol/tensors", imports: []string{"generators", "targets/protocol"}, ownOnly: true},
	{packages: "targets/protocol/rows", imports: []string{"generators", "targets/protocol", "targets/protocol/jsonbody", "targets/protocol/tensors"}, ownOnly: true},
	{packages: "targets/protocol/lambda", imports: []string{"generators", "targets/functionurl", "targets/protocol", "targets/protocol/v2"}},
	{packages: "targets/protocol/protocoltest", imports: []string{"generators", "targets", "targets/protocol"}},
	{packages: "targets/protocol/…", imports: []string{"generators", "generators/export", "targets/protocol", "targets/protocol/jsonbody", "targets/protocol/tensors", "targets/protocol/rows"}},
	{packages: "targets/functionurl"},
	{packages: "targets/lambda/adapter", imports: []string{"targets/functionurl"}, ownOnly: true},
	{packages: "targets/lambda/service", imports: []string{"targets", "reports/record", "targets/image", "targets/local", "targets/oci", "targets/functionurl"}},
	{packages: "targets/lambda", imports: []string{"targets", "reports/record", "targets/local", "targets/oci", "targets/lambda/service"}},
	{packages: "targets/reference/fault", imports: []string{"targets", "targets/protocol", "targets/reference/clock"}},
	{packages: "targets/reference/…", imports: []string{"generators/…", "targets/protocol/…", "targets/reference/…", "targets/timer", "reports/record/userfile"}},
	{packages: "targets/targettest/…", imports: []string{"targets", "targets/image/bundle", "targets/targettest/…", "reports/record", "targets/local", "targets/functionurl"}},
	{packages: "targets/local/privileges"},
	{packages: "targets/local", imports: []string{"targets", "targets/local/privileges", "reports/record"}},
	{packages: "targets/image/bundle", imports: []string{"targets", "reports/record/userfile"}},
	{packages: "targets/image/daemon", imports: []string{"targets"}},
	{packages: "targets/image", imports: []string{"targets", "reports/record", "targets/image/bundle", "targets/image/daemon", "reports/record/userfile"}},
	{packages: "targets/oci", imports: []string{"targets", "reports/record", "targets/image", "targets/local", "targets/local/privileges"}},
	{packages: "targets/container", imports: []string{"targets", "reports/record", "targets/image", "targets/image/daemon", "targets/local", "targets/oci"}},
	{packages: "targets/vm/guest", ownOnly: true},
	{packages: "targets/vm/kernel", imports: []string{"reports/record/userfile"}, ownOnly: true},
	{packages: "targets/vm/pid1", imports: []string{"targets/local/privileges", "targets/vm/guest"}},
	{packages: "targets/vm/disk", imports: []string{"targets"}},
	{packages: "targets/vm", imports: []string{"targets", "reports/record", "reports/record/userfile", "targets/image", "targets/local", "targets/local/privileges", "targets/vm/disk", "targets/vm/guest", "targets/vm/kernel"}},
	{packages: "targets/kubernetes/expiry", ownOnly: true},
	{packages: "targets/kubernetes/api", imports: []string{"targets"}},
	{packages: "targets/kubernetes/images", imports: []string{"targets", "targets/image", "targets/kubernetes/api", "targets/local"}},
	{packages: "targets/kubernetes/cgroups", imports: []string{"reports/record", "targets/local"}},
	{packages: "targets/kubernetes/metrics", imports: []string{"reports/record", "targets/kubernetes/api"}},
	{packages: "targets/kubernetes/notes", imports: []string{"targets", "reports/record/userfile", "targets/local"}},
	{packages: "targets/kubernetes", imports: []string{"targets", "reports/record", "targets/image", "targets/kubernetes/api", "targets/kubernetes/cgroups", "targets/kubernetes/expiry", "targets/kubernetes/images", "targets/kubernetes/metrics", "targets/kubernetes/notes", "targets/local"}},
	{packages: "targets/timer"},
	{packages: "targets/endpoint", imports: []string{"targets", "reports/record", "reports/record/userfile"}},
	{packages: "targets/physical", imports: []string{"targets", "reports/record", "targets/image", "targets/local"}},
	{packages: "targets/*", imports: []string{"targets", "reports/record", "targets/local"}},
	{packages: "scenarios/arrivals", imports: []string{"reports/record"}, ownOnly: true},
	{packages: "scenarios/corpus", imports: []string{"generators", "generators/datafile", "targets/protocol", "reports/record"}},
	{packages: "scenarios/attack/transport", imports: []string{"targets", "targets/protocol"}},
	{packages: "scenarios/attack/remote", imports: []string{"scenarios/attack", "reports/record"}, ownOnly: true},
	{packages: "scenarios/attack", imports: []string{"scenarios/arrivals", "scenarios/corpus", "scenarios/attack/transport", "targets", "targets/timer", "targets/protocol", "reports/record"}},
	{packages: "scenarios/monitor", imports: []string{"generators", "generators/drift", "generators/predictions", "reports/record", "scenarios/attack", "scenarios/corpus"}},
	{packages: "scenarios/retrain", imports: []string{"generators", "generators/drift", "reports/record", "reports/record/userfile", "scenarios/corpus", "scenarios/monitor", "targets", "targets/local", "targets/protocol"}, ownOnly: true},
	{packages: "scenarios/oracle/queueing", ownOnly: true},
	{packages: "scenarios/oracle", imports: []string{"scenarios/arrivals", "scenarios/oracle/queueing", "targets/reference/clock"}},
	{packages: "scenarios/calibration", imports: []string{"reports/record", "reports/record/userfile", "scenarios/host", "targets"}},
	{packages: "scenarios/revision", imports: []string{"reports/record/userfile"}, ownOnly: true},
	{packages: "scenarios/secret", ownOnly: true},
	{packages: "scenarios/probe", imports: []string{"generators", "reports/format", "targets", "targets/protocol", "scenarios/decode"}},
	{packages: "scenarios/draft", imports: []string{"scenarios", "scenarios/decode", "scenarios/probe", "scenarios/secret", "scenarios/trial", "targets", "targets/image", "targets/local", "targets/protocol", "reports/format", "reports/record"}},
	{packages: "scenarios/recording", imports: []string{"generators", "generators/datafile", "reports/format", "reports/record/userfile", "scenarios/decode", "scenarios/secret"}},
	{packages: "scenarios/credentials", imports: []string{"scenarios", "scenarios/decode", "scenarios/secret", "targets", "reports/record"}},
	{packages: "scenarios/pricefile", imports: []string{"reports/prices", "scenarios/decode"}},
	{packages: "scenarios/host", imports: []string{"reports/record", "targets", "targets/local"}},
	{packages: "scenarios/preflight", imports: []string{"reports/record", "scenarios", "scenarios/arrivals", "scenarios/host"}, ownOnly: true},
	{packages: "scenarios/ab", imports: []string{"targets", "reports/record", "reports/analysis/…", "reports/document/…", "reports/format", "reports/analysis/stat/paired", "scenarios", "scenarios/decode", "scenarios/calibration", "scenarios/host", "scenarios/revision", "scenarios/secret", "scenarios/trial"}},
	{packages: "scenarios/selftest", imports: []string{"scenarios", "scenarios/ab", "scenarios/decode", "scenarios/calibration", "scenarios/oracle", "scenarios/trial", "reports/record", "reports/format", "reports/document/…", "reports/analysis/…"}},
	{packages: "scenarios/doctor", imports: []string{"targets", "targets/image", "reports/record", "reports/format", "reports/document/…", "reports/analysis/…", "scenarios/attack", "scenarios/host"}},
	{packages: "scenarios/trial", imports: []string{"generators", "generators/datafile", "generators/drift", "generators/drift/profiles", "generators/predictions", "targets", "targets/image", "targets/protocol", "reports/record", "reports/record/userfile", "scenarios", "scenarios/…"}},
	{packages: "scenarios/requests", imports: []string{"generators", "generators/datafile", "targets", "targets/protocol", "reports/record", "reports/record/userfile", "scenarios", "scenarios/corpus", "scenarios/decode"}},
	{packages: "scenarios/decode"},
	{packages: "scenarios", imports: []string{"scenarios/secret", "scenarios/decode", "generators", "generators/drift", "generators/shift", "targets", "targets/protocol", "scenarios/arrivals", "reports/record", "reports/record/userfile"}},
	{packages: "reports/record/userfile", ownOnly: true},
	{packages: "reports/record/recordtest", imports: []string{"reports/record"}},
	{packages: "reports/record", imports: []string{"reports/record/userfile"}},
	{packages: "reports/format"},
	{packages: "reports/prices", ownOnly: true},
	{packages: "reports/analysis/stat/…", imports: []string{"reports/record", "reports/analysis/stat"}},
	{packages: "reports/analysis/sample", imports: []string{"reports/record", "reports/format", "reports/analysis/stat"}},
	{packages: "reports/analysis/gate", imports: []string{"reports/record", "reports/format", "reports/analysis/stat", "reports/analysis/sample", "reports/analysis/capacity", "reports/analysis/cost"}},
	{packages: "reports/analysis/overhead", imports: []string{"reports/record", "reports/analysis/stat", "reports/analysis/sample"}},
	{packages: "reports/analysis/failover", imports: []string{"reports/record", "reports/format", "reports/analysis/stat", "reports/analysis/sample"}},
	{packages: "reports/analysis/scaling", imports: []string{"reports/record", "reports/analysis/sample"}},
	{packages: "reports/analysis/monitoring", imports: []string{"reports/record", "reports/analysis/stat", "reports/analysis/sample"}, ownOnly: true},
	{packages: "reports/analysis/capacity/search", imports: []string{"reports/record", "reports/analysis/stat"}},
	{packages: "reports/analysis/capacity", imports: []string{"reports/record", "reports/format", "reports/analysis/stat", "reports/analysis/sample", "reports/analysis/validity", "reports/analysis/capacity/search"}},
	{packages: "reports/analysis/cost/traffic", ownOnly: true},
	{packages: "reports/analysis/cost", imports: []string{"reports/prices", "reports/record", "reports/analysis/stat", "reports/analysis/sample", "reports/analysis/capacity", "reports/analysis/cost/traffic", "reports/analysis/validity"}, ownOnly: true},
	{packages: "reports/analysis/cost/advice", imports: []string{"reports/record", "reports/analysis/sample", "reports/analysis/cost", "reports/analysis/cost/traffic", "reports/prices"}, ownOnly: true},
	{packages: "reports/analysis/ab/proof", imports: []string{"reports/record", "reports/analysis/stat", "reports/analysis/stat/paired"}},
	{packages: "reports/analysis/ab", imports: []string{"reports/record", "reports/format", "reports/analysis/stat", "reports/analysis/stat/paired", "reports/analysis/sample"}},
	{packages: "reports/analysis/validity", imports: []string{"reports/record", "reports/format", "reports/analysis/stat", "reports/analysis/sample", "reports/analysis/ab", "reports/analysis/scaling", "reports/analysis/failover"}},
	{packages: "reports/analysis/compare", imports: []string{"reports/record", "reports/format", "reports/analysis", "reports/analysis/scaling", "reports/analysis/stat", "reports/analysis/sample"}},
	{packages: "reports/json", imports: []string{"reports", "reports/document/…", "reports/prices", "reports/record", "reports/format", "reports/analysis/…"}},
	{packages: "reports/analysis/sweep", imports: []string{"reports/prices", "reports/record", "reports/analysis/stat", "reports/analysis/sample", "reports/analysis/capacity"}, ownOnly: true},
	{packages: "reports/analysis", imports: []string{"reports/prices", "reports/record", "reports/format", "reports/analysis/…"}},
	{packages: "reports/formattest", imports: []string{"reports", "reports/prices", "reports/analysis/…", "reports/record/recordtest"}},
	{packages: "reports", imports: []string{"reports/analysis/…", "reports/record"}},
	{packages: "reports/baseline", imports: []string{"reports/record", "reports/document/…", "reports/analysis/…", "reports/record/userfile"}},
	{packages: "reports/figures/chart"},
	{packages: "reports/figures", imports: []string{"reports", "reports/document/…", "reports/record", "reports/format", "reports/prices", "reports/analysis/…", "reports/figures/chart"}},
	{packages: "reports/figures/budget", imports: []string{"reports/document/…", "reports/format", "reports/analysis/…", "reports/figures", "reports/figures/chart"}},
	{packages: "reports/document/pricing", imports: []string{"reports/record", "reports/format", "reports/prices", "reports/analysis/…"}, ownOnly: true},
	{packages: "reports/document/sentence", imports: []string{"reports/record", "reports/format", "reports/prices", "reports/analysis/…", "reports/document/pricing"}, ownOnly: true},
	{packages: "reports/document/element", imports: []string{"reports/record", "reports/format", "reports/analysis/…"}, ownOnly: true},
	{packages: "reports/document/monitored", imports: []string{"reports/record", "reports/format", "reports/analysis/…", "reports/document/element", "reports/document/sentence"}, ownOnly: true},
	{packages: "reports/document", imports: []string{"reports/record", "reports/format", "reports/prices", "reports/analysis/…", "reports/document/…"}, ownOnly: true},
	{packages: "reports/mlflow", ownOnly: true},
	{packages: "reports/tracking", imports: []string{"reports/mlflow", "reports/record", "reports/format", "reports/analysis/…", "reports/document/sentence"}, ownOnly: true},
	{packages: "reports/tensorboard", imports: []string{"reports", "reports/record", "reports/format", "reports/analysis/…", "reports/tracking"}},
	{packages: "reports/…", imports: []string{"reports", "reports/document/…", "reports/record", "reports/format", "reports/analysis/…", "reports/figures", "reports/figures/chart"}},
	{packages: "cmd/cli"},
	{packages: "cmd/servebench/option", imports: []string{"cmd/cli", "scenarios/decode"}},
	{packages: "cmd/servebench/recorded", imports: []string{"cmd/cli", "reports", "reports/…"}},
	{packages: "cmd/servebench/starter", imports: []string{"cmd/cli", "cmd/servebench/option", "cmd/servebench/outcome", "generators/datafile", "scenarios", "scenarios/decode", "scenarios/draft", "scenarios/probe", "scenarios/recording", "scenarios/secret", "targets", "targets/protocol"}},
	{packages: "cmd/servebench/outcome", imports: []string{"cmd/cli", "reports/record", "reports/analysis", "reports/document/sentence", "scenarios/ab", "scenarios/decode", "scenarios/trial"}},
	{packages: "cmd/servebench/costs", imports: []string{"cmd/cli", "cmd/servebench/option", "cmd/servebench/recorded", "reports", "reports/…", "scenarios/arrivals", "scenarios/decode", "scenarios/pricefile", "scenarios/recording"}},
	{packages: "cmd/…", imports: []string{"…"}},
}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// TestImportTable holds every package, tests left aside, to the import table,
// and every package to a room of it.
func TestImportTable(t *testing.T) {
	for _, pkg := range packages(t) {
		path := strings.TrimPrefix(pkg.ImportPath, "servebench/")
		i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.packages, path) })
		if i < 0 {
			t.Errorf("%s lies in no room of the import table", path)
			continue
		}
		for _, imported := range pkg.Imports {
			if fault := rooms[i].check(imported); fault != "" {
				t.Errorf("%s imports %s: %s", path, imported, fault)
			}
		}
	}
}

// check says what is wrong with an import, "" when nothing is.
func (r room) check(imported string) string {
	own, isOwn := strings.CutPrefix(imported, "servebench/")
	if isOwn {
		if slices.ContainsFunc(r.imports, func(p string) bool { return matches(p, own) }) {
			return ""
		}
		return "this room may import " + strings.Join(append(r.imports, "nothing else of ours"), ", ")
	}
	first, _, _ := strings.Cut(imported, "/")
	if r.ownOnly && strings.Contains(first, ".") {
		return "this room has no third-party imports"
	}
	return ""
}

// matches reports whether the pattern names the package.
func matches(pattern, path string) bool {
	if pattern == "…" {
		return true
	}
	if folder, ok := strings.CutSuffix(pattern, "/…"); ok {
		return path == folder || strings.HasPrefix(path, folder+"/")
	}
	if folder, ok := strings.CutSuffix(pattern, "/*"); ok {
		rest, inside := strings.CutPrefix(path, folder+"/")
		return inside && !strings.Contains(rest, "/")
	}
	return pattern == path
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Standard,Imports", "servebench/...").Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg goPackage
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, pkg)
	}
}

// TestImportTableBites shows that the table refuses what it should.
func TestImportTableBites(t *testing.T) {
	for _, tc := range []struct {
		from, imports string
		allowed       bool
	}{
		{"targets/physical", "servebench/targets", true},
		{"targets/physical", "servebench/targets/container", false},
		{"targets", "github.com/spf13/cobra", false},
		{"reports/html", "servebench/scenarios", false},
		{"reports/html", "servebench/reports/figures", true},
		{"generators/credit", "servebench/generators", true},
		{"generators/credit", "servebench/targets", false},
		{"scenarios/attack", "servebench/scenarios", false},
	} {
		i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.packages, tc.from) })
		if fault := rooms[i].check(tc.imports); (fault == "") != tc.allowed {
			t.Errorf("%s importing %s: allowed %t, want %t (%s)", tc.from, tc.imports, fault == "", tc.allowed, fault)
		}
	}
}
