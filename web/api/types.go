package api

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

func (s *Server) types() TypeListJSONResponse {
	out := TypeListJSONResponse{Types: []OperationType{}}
	for _, d := range s.actions.Types() {
		out.Types = append(out.Types, OperationType{
			Name: d.Name, Title: d.Title, Description: d.Description, Queue: d.Queue,
			Tenantless: d.Tenantless, Exclusive: d.Exclusive, Supersedes: d.Supersedes,
			Fields: fieldsOf(d), Policy: policyOf(d.Policy),
		})
	}
	return out
}

func fieldsOf(d operation.Definition) []InputField {
	fields := make([]InputField, len(d.Fields))
	for i, f := range d.Fields {
		fields[i] = InputField{
			Name: f.Name, Label: f.Label, Help: f.Help, Kind: InputFieldKind(f.Kind), Required: f.Required, Default: f.Default,
			Options: make([]InputOption, len(f.Options)),
		}
		for n, o := range f.Options {
			fields[i].Options[n] = InputOption{Value: o.Value, Label: o.Label}
		}
	}
	return fields
}

func policyOf(p lifecycle.Policy) Policy {
	s := time.Duration.Seconds
	return Policy{
		StaleAfterSeconds: s(p.StaleAfter), QueuedStaleAfterSeconds: s(p.QueuedStaleAfter), ProgressTimeoutSeconds: s(p.ProgressTimeout),
		WaitSlackSeconds: s(p.WaitSlack), MaxWaitSeconds: s(p.MaxWait), CancelGraceSeconds: s(p.CancelGrace),
		RetryAttempts: p.RetryAttempts, RetryForSeconds: s(p.RetryFor),
		CloseNoWorkersSeconds: s(p.CloseNoWorkers), CloseWorkerLostSeconds: s(p.CloseWorkerLost), CloseMissing: p.CloseMissing,
	}
}

// ListTypes lists the operation types.
func (s *Server) ListTypes(context.Context, ListTypesRequestObject) (ListTypesResponseObject, error) {
	return ListTypes200JSONResponse{s.types()}, nil
}

// SystemListTypes lists the operation types.
func (s *Server) SystemListTypes(context.Context, SystemListTypesRequestObject) (SystemListTypesResponseObject, error) {
	return SystemListTypes200JSONResponse{s.types()}, nil
}
