package stats

// IntervalMethod says in one sentence how a quantile's interval is made, for
// captions.
const IntervalMethod = "95 % interval by bootstrap over rounds and, inside them, seconds; by binomial order statistics with fewer than 8 seconds"

// ShareMethod says in one sentence how a share's interval is made, for captions.
const ShareMethod = "exact 95 % interval (Clopper and Pearson) of the requests; where rounds, or seconds in them, differ by more than chance (Pearson's χ², 10 %), of the fewer independent requests that tell as much (Korn and Graubard)"

// RatioMethod says in one sentence how Ratio's interval is made, for captions.
const RatioMethod = "95 % interval from the logarithms of the ratios of paired rounds (Student's t); none with fewer than three rounds, or where they are all the same; of goodput at least what chance makes of so many requests"
