// A bare SMTP proxy in Go: proxy SINK-PORT PORT
//
// As uvloop_proxy.py: one goroutine and one connection to the server for each client, which is
// made at the first MAIL. It judges the line ends of each mail and sends no dot for a bad one.
package main

import (
	"bufio"
	"bytes"
	"net"
	"os"
)

const offer = "250-localhost\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"

var end = []byte("\r\n.\r\n")

// reply returns all lines of one reply.
func reply(from *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		line, err := from.ReadSlice('\n')
		whole = append(whole, line...)
		if err != nil || len(line) < 4 || line[3] == ' ' {
			return whole, err
		}
	}
}

// open connects to the server, and says EHLO.
func open(port string) (net.Conn, *bufio.Reader, error) {
	server, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return nil, nil, err
	}
	from := bufio.NewReader(server)
	if _, err = reply(from); err == nil {
		_, err = server.Write([]byte("EHLO localhost\r\n"))
	}
	if err == nil {
		_, err = reply(from)
	}
	return server, from, err
}

// isGood returns whether each CR and LF belongs to a pair, and there is no NUL.
func isGood(text []byte) bool {
	pairs := bytes.Count(text, end[:2])
	lone := bytes.Count(text, []byte("\r")) - pairs
	if bytes.HasSuffix(text, []byte("\r")) {
		lone--
	}
	return bytes.Count(text, []byte("\n")) == pairs && lone == 0 && bytes.IndexByte(text, 0) < 0
}

// pass passes a text on, up to its dot. Return false if it is bad or its client has gone.
func pass(from *bufio.Reader, to net.Conn) bool {
	chunk := make([]byte, 65536)
	last := append([]byte(nil), end[:2]...)
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return false
		}
		text := append(last, chunk[:n]...)
		if !isGood(text) {
			return false
		}
		if _, err = to.Write(chunk[:n]); err != nil {
			return false
		}
		if bytes.HasSuffix(text, end) {
			return true
		}
		if len(text) > 4 {
			text = text[len(text)-4:]
		}
		last = append([]byte(nil), text...)
	}
}

func serve(client net.Conn, port string) {
	defer client.Close()
	var server net.Conn
	var replies *bufio.Reader
	lines := bufio.NewReaderSize(client, 65536)
	client.Write([]byte("220 localhost ESMTP\r\n"))
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil || len(line) < 4 {
			break
		}
		verb := string(bytes.ToUpper(line[:4]))
		switch verb {
		case "QUIT":
			client.Write([]byte("221 Bye\r\n"))
			if server != nil {
				server.Write([]byte("QUIT\r\n"))
				server.Close()
			}
			return
		case "EHLO":
			client.Write([]byte(offer))
		case "MAIL", "RCPT", "DATA":
			if server == nil {
				if server, replies, err = open(port); err != nil {
					return
				}
				defer server.Close()
			}
			server.Write(line)
			answer, err := reply(replies)
			if err != nil {
				return
			}
			client.Write(answer)
			if verb == "DATA" && answer[0] == '3' {
				if !pass(lines, server) {
					return
				}
				if answer, err = reply(replies); err != nil {
					return
				}
				client.Write(answer)
			}
		default:
			client.Write([]byte("250 Ok\r\n"))
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		panic(err)
	}
	for {
		client, err := listener.Accept()
		if err == nil {
			go serve(client, os.Args[1])
		}
	}
}
