package stats

import "gonum.org/v1/gonum/mathext"

// unlikely is how seldom chance alone may produce what is called certain: the
// upper tail that a 95 % two-sided interval leaves.
const unlikely = 0.025

// surelyMore says that k of n are more than a share of at most allowed gives by
// chance: the lower end of the 95 % interval of k/n lies above allowed. The
// interval is exact, for n is often small here, and Wilson's is too narrow then.
// C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits
// illustrated in the case of the binomial", Biometrika 26 (1934); that the tail
// of the binomial is a regularised incomplete beta function: NIST Digital
// Library of Mathematical Functions, 8.17.5.
func surelyMore(k, n int64, allowed float64) bool {
	if k <= 0 || n <= 0 {
		return false
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), allowed) < unlikely
}
