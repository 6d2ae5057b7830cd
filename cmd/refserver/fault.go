package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"servebench/targets/protocol"
	"servebench/targets/reference/fault"
)

// addFaultFlags defines the flags of what fails on purpose.
func (o *serveOptions) addFaultFlags(f *pflag.FlagSet) {
	var forms []string
	for _, k := range fault.Kinds() {
		forms = append(forms, k.Form)
	}
	f.StringArrayVar(&o.faults.Faults, "fault", nil, "a `fault` that inference requests meet on purpose, repeatable: "+strings.Join(forms, ", "))
	f.BoolVar(&o.faults.OnRequest, "fault-on-request", false, "let inference requests ask for such faults by the header field "+protocol.InjectHeader)
}

// checkFaults names every mistake in them.
func (o *serveOptions) checkFaults() []error {
	var faults []error
	if err := o.faults.Check(); err != nil {
		for line := range strings.Lines(err.Error()) {
			faults = append(faults, errors.New("--fault "+strings.TrimSuffix(line, "\n")))
		}
	}
	return faults
}
