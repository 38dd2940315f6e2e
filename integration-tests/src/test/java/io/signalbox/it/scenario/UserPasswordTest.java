package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** User Name and Password against the users file, in both versions, and the file's changes. */
@EachTransportAndVersion
final class UserPasswordTest {
  private static final BrokerUnderTest BROKER = AuthBroker.start("user-password");

  @RegisterExtension final Clients clients;

  UserPasswordTest(Transport transport, Version version) {
    clients = new Clients(BROKER, transport, version);
  }

  private Peer tried(String user, String password, int code3, int code5) {
    Peer peer = clients.peer();
    int code = peer.tryConnect(connect -> connect.userName(user).password(password)).reasonCode();
    assertEquals(clients.version().isV5() ? code5 : code3, code);
    return peer;
  }

  @Test
  void letsAUserInWithItsGroups() {
    Peer peer = tried("user", AuthBroker.PASSWORD, 0, 0);
    peer.subscribe(clients.topic(), 1);
    peer.publish(clients.topic(), 1, "as a writer");
  }

  @Test
  void refusesAWrongPasswordAnUnknownUserAndNoPassword() {
    tried("user", "guess", 4, 0x86).expectClosed();
    tried("nobody", AuthBroker.PASSWORD, 4, 0x86).expectClosed();
    tried("us\u00ADer", "guess", 4, 0x86).expectClosed();
    tried("user", "", 4, 0x86).expectClosed();
    Peer without = clients.peer();
    int code = without.tryConnect(connect -> connect.userName("user")).reasonCode();
    assertEquals(clients.version().isV5() ? 0x87 : 5, code);
  }

  @Test
  void takesATokenBesideAUserNameStill() {
    Peer peer = clients.peer();
    peer.connect(
        connect ->
            connect
                .userName("ann")
                .password(AuthBroker.token("ann", Duration.ofMinutes(1), "clients")));
  }

  @Test
  @Behaviour(252)
  void takesAChangedFileOverAndKeepsTheLastGoodOne() throws IOException {
    String name = Clients.unique("new");
    int position = BROKER.logPosition();
    write("# broken\n" + name + "\n", ".broken");
    BROKER.awaitLogFrom(position, "the users file is not taken over");
    tried("user", AuthBroker.PASSWORD, 0, 0);
    position = BROKER.logPosition();
    write(AuthBroker.USERS + name + " clients " + AuthBroker.VERIFIER + "\n", ".new");
    BROKER.awaitLogFrom(position, "users in force from");
    Peer connected = tried(name, AuthBroker.PASSWORD, 0, 0);
    write(AuthBroker.USERS, ".old");
    connected.expectDisconnect(0x87);
    tried(name, AuthBroker.PASSWORD, 4, 0x86);
  }

  private static void write(String text, String suffix) throws IOException {
    Path file = BROKER.configFile().resolveSibling("users");
    Path fresh = file.resolveSibling("users" + suffix);
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aPasswordThatCannotBeReadAsTextIsWrong() {
    Peer peer = clients.peer();
    peer.send(
        PacketBytes.connect(clients.version())
            .clientId(peer.clientId())
            .userName("user")
            .password(new byte[] {(byte) 0xC0}));
    assertEquals(
        clients.version().isV5() ? 0x86 : 4, peer.receive(PacketType.CONNACK).reasonCode());
  }
}
