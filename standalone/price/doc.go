// Package price measures what the lifecycle costs: runs of one trivial item against bare Temporal workflows of one
// trivial activity, on the same embedded server in the same run.
package price
