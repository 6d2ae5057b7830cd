package advice

import (
	"slices"

	"servebench/reports/analysis/sample"
)

// Portable is what a run shows of a target that matters when the server moves to another: what
// is the same on several targets went along unchanged.
type Portable struct {
	Run    string `json:"run"`
	Target string `json:"target"`
	// Protocol is that of the requests, "v2 over HTTP/1.1".
	Protocol string `json:"protocol"`
	// Image is the digest of the image, Program the SHA-256 of the program that was started.
	Image   string `json:"image,omitempty"`
	Program string `json:"program_sha256,omitempty"`
	// Server names what was started and asked, with its model.
	Server string `json:"server,omitempty"`
	// Checked answers were compared with the model's own, and Agreed equal to it.
	Checked int64 `json:"answers_checked"`
	Agreed  int64 `json:"answers_agreed"`
	// Adapter is what the target needed beside the server; "": nothing that is recorded.
	Adapter string `json:"adapter,omitempty"`
}

// Moves reads what was measured of the targets that ran, in the order of the runs. All runs
// are of the same requests.
func Moves(runs []*sample.Set) []Portable {
	var all []Portable
	for _, set := range runs {
		for _, t := range set.Run.Targets {
			if t.Unavailable != "" {
				continue
			}
			p := Portable{
				Run: set.Run.ID, Target: t.Name, Server: set.Run.Scenario.Server,
				Protocol: t.Facts.Named("protocol").Value, Image: t.Facts.Named("image").Value, Program: t.Facts.Named("SHA-256 of the program").Value, Adapter: t.Facts.Named("adapter").Value,
			}
			for _, c := range set.Run.Cells {
				if c.Target == t.Name && c.Discarded == "" {
					p.Checked, p.Agreed = p.Checked+c.Answers.Checked, p.Agreed+c.Answers.Agreed
				}
			}
			if p.Checked > 0 || p.Protocol != "" { // else it never answered
				all = append(all, p)
			}
		}
	}
	return all
}

// Unchanged are the targets that had the same of something, the largest group; nil where no two
// had.
func Unchanged(all []Portable, of func(Portable) string) (value string, targets []string) {
	for _, p := range all {
		var same []string
		for _, other := range all {
			if of(p) != "" && of(other) == of(p) && !slices.Contains(same, other.Target) {
				same = append(same, other.Target)
			}
		}
		if len(same) > 1 && len(same) > len(targets) {
			value, targets = of(p), same
		}
	}
	return value, targets
}
