package acceptance

import (
	"bufio"
	"crypto"
	"crypto/tls"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// mqtt is as much of an MQTT 5.0 client as these tests need: CONNECT, SUBSCRIBE, PUBLISH with QoS 1, and what comes back.
type mqtt struct {
	socket net.Conn
	reader *bufio.Reader
}

// packetTimeout is far above what a healthy broker needs on a machine that builds other things too.
const packetTimeout = 60 * time.Second

// certificateOf is what a device has: the chain that the broker issued, and its own key.
func certificateOf(chain string, key crypto.PrivateKey) tls.Certificate {
	pair := tls.Certificate{PrivateKey: key}
	for rest := []byte(chain); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return pair
		}
		pair.Certificate = append(pair.Certificate, block.Bytes)
	}
}

// connected is a client that was accepted.
func (b *broker) connected(t testing.TB, clientID string, certificate tls.Certificate) *mqtt {
	t.Helper()
	m, code, err := b.connect(t, clientID, certificate)
	if err != nil || code != 0 {
		t.Fatalf("%s is refused: code %#x, %v", clientID, code, err)
	}
	return m
}

// connect gives the Reason Code of CONNACK; an error says that there was none.
func (b *broker) connect(t testing.TB, clientID string, certificates ...tls.Certificate) (*mqtt, byte, error) {
	t.Helper()
	return b.connectWith(t, 0b0000_0010, text(clientID), certificates...)
}

// connectWith sends a CONNECT with these Connect Flags and this Payload.
func (b *broker) connectWith(t testing.TB, flags byte, payload []byte, certificates ...tls.Certificate) (*mqtt, byte, error) {
	t.Helper()
	dialer := &net.Dialer{Timeout: packetTimeout}
	socket, err := tls.DialWithDialer(dialer, "tcp", fmt.Sprintf("localhost:%d", b.mqtt), &tls.Config{RootCAs: b.authorities(t), Certificates: certificates})
	if err != nil {
		return nil, 0, err
	}
	t.Cleanup(func() { socket.Close() })
	return open(socket, flags, payload)
}

// open sends CONNECT over what is connected, and gives the Reason Code of CONNACK.
func open(socket net.Conn, flags byte, payload []byte) (*mqtt, byte, error) {
	m := &mqtt{socket, bufio.NewReader(socket)}
	body := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 5, flags, 0, 60, 0}, payload...)
	if err := m.send(0x10, body); err != nil {
		return nil, 0, err
	}
	kind, answer, err := m.receive(packetTimeout)
	if err != nil {
		return nil, 0, err
	}
	if kind>>4 != 2 {
		return nil, 0, fmt.Errorf("packet type %d is no CONNACK", kind>>4)
	}
	return m, answer[1], nil
}

// subscribe gives the Reason Code of SUBACK.
func (m *mqtt) subscribe(t testing.TB, filter string) byte {
	t.Helper()
	body := append([]byte{0, 1, 0}, text(filter)...)
	answer := m.ask(t, 0x82, append(body, 1), 9)
	return answer[len(answer)-1]
}

// publish gives the Reason Code of PUBACK.
func (m *mqtt) publish(t testing.TB, topic, payload string) byte {
	t.Helper()
	body := append(text(topic), 0, 2, 0)
	answer := m.ask(t, 0x32, append(body, payload...), 4)
	if len(answer) == 2 {
		return 0
	}
	return answer[2]
}

func (m *mqtt) ask(t testing.TB, first byte, body []byte, want byte) []byte {
	t.Helper()
	if err := m.send(first, body); err != nil {
		t.Fatal(err)
	}
	for {
		kind, answer, err := m.receive(packetTimeout)
		if err != nil {
			t.Fatal(err)
		}
		if kind>>4 == want {
			return answer
		}
	}
}

// message gives topic and payload of the next PUBLISH, past anything else.
func (m *mqtt) message(t testing.TB) (topic, payload string) {
	t.Helper()
	for {
		kind, body, err := m.receive(packetTimeout)
		if err != nil {
			t.Fatal(err)
		}
		if kind>>4 != 3 {
			continue
		}
		end := 2 + int(binary.BigEndian.Uint16(body))
		topic, body = string(body[2:end]), body[end:]
		if kind&0b0110 != 0 {
			body = body[2:] // Packet Identifier
		}
		return topic, string(body[1+body[0]:]) // after properties that are shorter than 128 bytes
	}
}

// ends waits until the broker ends the connection, and says how long that took and what DISCONNECT said, if it came.
func (m *mqtt) ends(within time.Duration) (time.Duration, byte, error) {
	begin, reason := time.Now(), byte(0)
	for {
		kind, body, err := m.receive(within - time.Since(begin))
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			return 0, 0, fmt.Errorf("still connected after %v", within)
		}
		if err != nil {
			return time.Since(begin), reason, nil
		}
		if kind>>4 == 14 && len(body) > 0 {
			reason = body[0]
		}
	}
}

func text(value string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(value))), value...)
}

func (m *mqtt) send(first byte, body []byte) error {
	packet := []byte{first}
	for length := len(body); ; {
		digit := byte(length % 128)
		if length /= 128; length > 0 {
			digit |= 0x80
		}
		if packet = append(packet, digit); length == 0 {
			break
		}
	}
	_, err := m.socket.Write(append(packet, body...))
	return err
}

func (m *mqtt) receive(within time.Duration) (byte, []byte, error) {
	if err := m.socket.SetReadDeadline(time.Now().Add(within)); err != nil {
		return 0, nil, err
	}
	first, err := m.reader.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	length, err := binary.ReadUvarint(m.reader) // the same digits as a Variable Byte Integer's
	if err != nil {
		return 0, nil, err
	}
	body := make([]byte, length)
	_, err = io.ReadFull(m.reader, body)
	return first, body, err
}
