package operation

import (
	"net/http"

	"github.com/opstruth/opstruth/models"
)

// Services is what operation types are made with where they need more than
// their run: one constructor per type takes it and returns the Definition.
type Services struct {
	Store *models.Store
	// Outbound calls the world outside; it refuses private addresses unless the
	// configuration allows them.
	Outbound *http.Client
	// Unseal opens a sealed secret for its owner, the connection's id.
	Unseal func(owner string, sealed []byte) (secret []byte, err error)
}
