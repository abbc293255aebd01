package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/app"
)

func version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say what this program was built from",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			cmd.Println("opstruth", app.Version(), runtime.Version())
		},
	}
}
