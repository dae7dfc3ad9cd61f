// What check.sh asks from within pods.
//
//	probe serve ADDRESS    answers every request with 200
//	probe get URL          0 if there was an answer within two seconds
//	probe dial ADDRESS     0 if there was a connection within two seconds
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

const patience = 2 * time.Second

func main() {
	var err error
	switch os.Args[1] {
	case "serve":
		err = http.ListenAndServe(os.Args[2], http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			log.Print("asked for ", request.URL.Path)
			fmt.Fprintln(answer, "here")
		}))
	case "get":
		_, err = (&http.Client{Timeout: patience}).Get(os.Args[2])
	case "dial":
		_, err = net.DialTimeout("tcp", os.Args[2], patience)
	}
	if err != nil {
		log.Fatal(err)
	}
}
