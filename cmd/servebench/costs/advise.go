package costs

import (
	"errors"
	"io"

	"servebench/cmd/cli"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/sample"
	"servebench/reports/document"
	"servebench/reports/figures/budget"
	jsonreport "servebench/reports/json"

	"github.com/spf13/cobra"
)

func AdviseCommand() *cobra.Command {
	opts := newCostOptions()
	cmd := &cobra.Command{
		Use:   "advise RUN... --traffic SHAPE|FILE",
		Short: "Say where to serve some traffic at the SLO, and what would change the answer",
		Long: `Say where a model should be served: the places that hold the SLO by what they cost, and why
the others do not. It adds to servebench cost, whose flags it has:

  break-even   the traffic at which the cheaper of two places changes
  flips        how far the traffic, the p99 limit, a price, the redundancy, the headroom and
               the peak may move until another place comes first
  sensitivity  what the cost depends on, input by input
  moving       what is the same on the targets that were measured: protocol, image, program

It is UNDECIDED where another place may cost less within the intervals, and where a cost that
this depends on has no interval. Several runs of servebench capacity with the same requests
and the same slo are advised on together.

` + adviseExitHelp,
		Example: `  servebench advise runs/20261130-101530-capacity-a1b2 --traffic daily:50/s,peak=3x
  servebench advise RUN --traffic access.log --prices mine.yaml -f html
  servebench advise RUN --traffic constant:1e6/day -o json | jq -r .sentence`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return advise(cmd, dirs, opts) },
	}
	opts.addFlags(cmd)
	return cmd
}

// adviseExitHelp is exitHelp in the words of advice.
const adviseExitHelp = `Exit codes:
  0    there is a cheapest place, also where it is undecided
  1    a run cannot be read, or a report not be written
  11   no place can serve the traffic at the SLO
  13   the runs are not of the same requests and the same slo
  64   a mistake in the command line, the traffic or the prices
`

func advise(cmd *cobra.Command, dirs []string, opts *costOptions) error {
	costs, runs, err := opts.read(cmd, dirs)
	if err != nil {
		return err
	}
	var sets []*sample.Set
	for _, a := range runs {
		sets = append(sets, a.Set)
	}
	a := advice.Of(costs, advice.Moves(sets))
	err = opts.write(cmd, priced{
		name: "advice", document: document.Advice(a), figures: budget.Advice(a),
		json: func(w io.Writer) error { return jsonreport.WriteAdvice(w, a) },
	})
	if err == nil && len(a.Priced()) == 0 {
		return cli.Fail(cli.Inconclusive, errors.New("no place can serve this traffic at the SLO with what was measured; the report says why"))
	}
	return cli.Fail(cli.Runtime, err)
}
