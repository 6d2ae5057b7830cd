// Package proof measures how often the gate of package paired errs: it plays many
// comparisons on simulated machines, whose noise is known, and counts the verdicts.
// A candidate that is no slower and fails is a false alarm; one that is slower by so
// much and fails is what the gate is for. Beside the gate stand the designs it is
// meant to replace, played on the same machines. It knows nothing of runs; the command
// prove feeds it, and counts with its Cells what real A/B tests said.
//
// The machines are those of a Monte Carlo study of gates on CI runners and on
// dedicated hardware (Shared, Dedicated), whose figures for the designs here this one
// meets within chance and 3 points, but for a single run on the shared machine, which
// is wrong a little more often there. It did not say what share of the drift a trial
// hands on to the next one: 0.9 comes nearest of 0.5, 0.6, 0.7, 0.8 and 0.9 (with 20
// pairs, candidates that are 5 % slower fail in 42 % of the simulations there and here, in
// 34 % with 0.8). A burst is one trial long.
package proof
