package acceptance

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// webSocket is as much of RFC 6455 as MQTT in a browser needs: one binary message for each packet that is sent, and what comes as one
// stream.
type webSocket struct {
	*tls.Conn
	reader *bufio.Reader
	left   uint64 // bytes that the frame at hand still has
}

// refusedUpgrade is the answer of a server that opens no WebSocket.
type refusedUpgrade struct{ status int }

func (r refusedUpgrade) Error() string {
	return fmt.Sprintf("HTTP status %d and no WebSocket", r.status)
}

// connectFromPage does what the page of an origin does with a token: MQTT over wss.
func (b *broker) connectFromPage(t testing.TB, origin, clientID, token string) (*mqtt, byte, error) {
	t.Helper()
	socket, err := b.openWebSocket(t, origin)
	if err != nil {
		return nil, 0, err
	}
	return open(socket, 0b0100_0010, append(text(clientID), text(token)...))
}

func (b *broker) openWebSocket(t testing.TB, origin string) (*webSocket, error) {
	t.Helper()
	address := fmt.Sprintf("localhost:%d", b.https)
	connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: b.authorities(t), NextProtos: []string{"http/1.1"}})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(packetTimeout)); err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce)
	key := base64.StdEncoding.EncodeToString(nonce)
	request := must(http.NewRequest(http.MethodGet, b.endpoint()+"/mqtt", nil))
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Origin": origin, "Sec-WebSocket-Key": key,
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "mqtt"} {
		request.Header.Set(name, value)
	}
	if err := request.Write(connection); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(connection)
	answer, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return nil, refusedUpgrade{answer.StatusCode}
	}
	accepted := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if want, is := base64.StdEncoding.EncodeToString(accepted[:]), answer.Header.Get("Sec-WebSocket-Accept"); is != want {
		return nil, fmt.Errorf("Sec-WebSocket-Accept is %q, not %q", is, want)
	}
	if is := answer.Header.Get("Sec-WebSocket-Protocol"); is != "mqtt" {
		return nil, fmt.Errorf("the subprotocol is %q", is)
	}
	return &webSocket{Conn: connection, reader: reader}, connection.SetDeadline(time.Time{})
}

// Write sends one masked binary message; packets of these tests are short.
func (w *webSocket) Write(packet []byte) (int, error) {
	frame := []byte{0x82}
	if len(packet) < 126 {
		frame = append(frame, 0x80|byte(len(packet)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(packet)))
	}
	mask := make([]byte, 4)
	_, _ = rand.Read(mask)
	frame = append(frame, mask...)
	for i, octet := range packet {
		frame = append(frame, octet^mask[i%4])
	}
	_, err := w.Conn.Write(frame)
	return len(packet), err
}

// Read gives what binary messages hold; a Close frame is the end.
func (w *webSocket) Read(into []byte) (int, error) {
	for w.left == 0 {
		head := make([]byte, 2)
		if _, err := io.ReadFull(w.reader, head); err != nil {
			return 0, err
		}
		length := uint64(head[1])
		if extra := map[uint64]int{126: 2, 127: 8}[length]; extra > 0 {
			digits := make([]byte, 8)
			if _, err := io.ReadFull(w.reader, digits[8-extra:]); err != nil {
				return 0, err
			}
			length = binary.BigEndian.Uint64(digits)
		}
		switch head[0] & 0x0f {
		case 0, 2:
			w.left = length
		case 8:
			return 0, io.EOF
		default:
			if _, err := io.CopyN(io.Discard, w.reader, int64(length)); err != nil {
				return 0, err
			}
		}
	}
	n, err := w.reader.Read(into[:min(uint64(len(into)), w.left)])
	w.left -= uint64(n)
	return n, err
}

// hasPage says whether the broker serves its page, which a build without npm has not.
func (b *broker) hasPage(t testing.TB) bool {
	t.Helper()
	client := &http.Client{Timeout: packetTimeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.authorities(t)},
		DisableKeepAlives: true}}
	answer, err := client.Get(b.endpoint() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content := must(io.ReadAll(answer.Body))
	if answer.StatusCode == http.StatusNotFound {
		return false
	}
	if answer.StatusCode != http.StatusOK || !bytes.Contains(content, []byte("<html")) || answer.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("status %d, header %v, and no page:\n%s", answer.StatusCode, answer.Header, last(string(content), 500))
	}
	return true
}
