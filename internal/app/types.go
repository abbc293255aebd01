package app

import "github.com/opstruth/opstruth/operation"

// builtIn are the operation types that every installation has.
func (a *App) builtIn() []operation.Definition { return nil }
