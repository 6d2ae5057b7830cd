package local

import (
	"errors"
	"fmt"

	"servebench/targets"
)

// Judge explains why a start failed, given what waiting for the server
// returned: it adds how the process ended or how its output ends, and
// recognises that another process has the port, for targets.OnFreePort. server is the
// process that is most likely the one to listen; any descendant may.
func (p *Process) Judge(err error, server, port int) error {
	switch {
	case err == nil && !Owns([]int{server}, port) && !Owns(Descendants(p.PID()), port):
		return targets.ErrPortTaken
	case err == nil:
		return nil
	case !errors.Is(err, targets.ErrEnded):
		return fmt.Errorf("%w%s", err, p.Output.Quote())
	case targets.PortTaken(targets.Loopback, port):
		return fmt.Errorf("%w: it %w", targets.ErrPortTaken, p.Ended())
	}
	return fmt.Errorf("%w: it %w", err, p.Ended())
}
