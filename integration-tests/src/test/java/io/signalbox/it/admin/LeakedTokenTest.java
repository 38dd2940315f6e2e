package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A token that somebody else has got hold of: what the broker tells is enough to revoke it. */
final class LeakedTokenTest {
  private static final int NOT_AUTHORIZED = 0x87;

  @TempDir static Path folder;

  private static Path revoked;
  private static BrokerUnderTest broker;

  @RegisterExtension final Clients clients = new Clients(broker(), Transport.WSS, Version.V5);

  private static BrokerUnderTest broker() {
    return broker;
  }

  @BeforeAll
  static void start() throws IOException {
    revoked = Files.writeString(folder.resolve("revoked.txt"), "");
    broker =
        BrokerUnderTest.start(
            "leaked",
            BrokerConfig.open()
                .yaml("auth: { jwt: { revoked-tokens-file: \"" + revoked + "\" } }\n"));
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void isRevokedByWhatTheAuditLogHasOfIt() throws IOException {
    AdminClient admin = AdminClient.administrator(broker);
    AdminClient.Answer made =
        admin.post("/access-tokens", "{'subject':'leaker','groups':['browsers']}").expect(200);
    Peer client = clients.peer();
    client.connect(connect -> connect.password(made.get("token")));
    JsonObject entry =
        admin
            .get("/audit?target=/access-tokens")
            .expect(200)
            .json()
            .getAsJsonArray("items")
            .get(0)
            .getAsJsonObject();
    String id = entry.getAsJsonObject("after").get("jti").getAsString();
    assertEquals(made.get("jti"), id);
    JsonObject live =
        admin.get("/clients").expect(200).json().getAsJsonArray("items").get(0).getAsJsonObject();
    assertEquals(id, live.get("jti").getAsString());

    Files.writeString(revoked, "local " + id + "\n");

    client.expectDisconnect(NOT_AUTHORIZED);
  }
}
