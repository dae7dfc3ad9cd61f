// Package ext is where makers of Traefik's variants put extensions of its configuration. There are none.
package ext

type (
	HTTP      struct{}
	Router    struct{}
	RouterIng struct{}
)

func (RouterIng) ToRouter() Router { return Router{} }
