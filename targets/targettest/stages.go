package targettest

import (
	"errors"
	"fmt"

	"servebench/targets"
)

// checkStages checks what every deployment promises about its stages: callers
// take the last one for the moment from which the server answers.
func checkStages(stages []targets.Stage) error {
	if len(stages) == 0 {
		return errors.New("the deployment has no stages")
	}
	if last := stages[len(stages)-1]; last.Name != targets.Ready {
		return fmt.Errorf("the last stage is %q, want %q", last.Name, targets.Ready)
	}
	for i, s := range stages {
		if s.At < 0 || i > 0 && s.At < stages[i-1].At {
			return fmt.Errorf("stage %s at %s is before what comes before it", s.Name, s.At)
		}
	}
	return nil
}
