package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the API, as an operator on the broker's machine runs them. */
final class AdminCommandsTest {
  @TempDir Path folder;

  @Test
  void registersADeviceWithItsCertificateAndTellsWhatWentWrong() throws Exception {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "admin-commands", BrokerConfig.empty().listener(Transport.WSS, false, "optional"))) {
      run(broker, "group", "add", "pumps").expectSuccess();
      String added =
          run(broker, "device", "add", "p7", "--set", "displayName=Pump 7", "--set", "groups=pumps")
              .expectSuccess()
              .out();
      assertTrue(added.contains("Pump 7"), added);

      CommandLine.Result twice = run(broker, "device", "add", "p7");
      assertEquals(5, twice.exitCode());
      assertTrue(twice.err().contains("exists"), twice.err());

      run(broker, "device", "set", "p7", "--set", "attributes={\"site\":\"north\"}")
          .expectSuccess();
      String table = run(broker, "device", "list").expectSuccess().out();
      assertTrue(table.startsWith("ID"), table);
      JsonObject listed =
          JsonParser.parseString(run(broker, "device", "list", "--json").expectSuccess().out())
              .getAsJsonObject();
      JsonObject device = listed.getAsJsonArray("items").get(0).getAsJsonObject();
      assertEquals("Pump 7", device.get("displayName").getAsString()); // set keeps the others
      assertEquals("north", device.getAsJsonObject("attributes").get("site").getAsString());

      Path csr =
          Files.writeString(folder.resolve("p7.csr"), Certificates.csr("p7").replace("\\n", "\n"));
      Path chain = folder.resolve("p7.crt");
      run(broker, "cert", "issue", "p7", "--csr", csr.toString(), "--out", chain.toString())
          .expectSuccess();
      assertTrue(Files.readString(chain).startsWith("-----BEGIN CERTIFICATE-----"));
      assertTrue(
          run(broker, "ca", "crl", "dev-ca").expectSuccess().out().contains("BEGIN X509 CRL"));

      assertEquals(5, run(broker, "device", "get", "nobody").exitCode());
      Path wrong = Files.writeString(folder.resolve("wrong"), "sbadmin_" + "A".repeat(43));
      CommandLine.Result refused = run(broker, "device", "list", "--credential", wrong.toString());
      assertEquals(6, refused.exitCode());
      assertFalse(refused.err().contains("AAAA"), refused.err());
    }
  }

  @Test
  void putsAttachesAndAsksAfterPolicies() throws Exception {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "policy-commands", BrokerConfig.empty().listener(Transport.WSS, false, "optional"))) {
      String text =
          """
          version: 1
          name: pump # without a match
          statements:
            - { id: data, effect: allow, actions: [publish], topics: ["pump/${device.id}/#"] }
          """;
      Path file = Files.writeString(folder.resolve("any.policy.yaml"), text);
      String put = run(broker, "policy", "put", file.toString()).expectSuccess().out();
      assertTrue(put.startsWith("api:pump is in force, revision "), put);
      assertEquals(text, run(broker, "policy", "show", "pump").expectSuccess().out());
      Path broken =
          Files.writeString(folder.resolve("broken.yaml"), text.replace("effect", "efect"));
      CommandLine.Result refused = run(broker, "policy", "put", broken.toString());
      assertEquals(5, refused.exitCode());
      assertTrue(refused.err().contains("4:17: "), refused.err());

      run(broker, "device", "add", "p7").expectSuccess();
      String[] ask = {"policy", "authorize", "publish", "pump/p7/data", "--device", "p7"};
      assertEquals(1, run(broker, ask).exitCode());
      run(broker, "policy", "attach", "api:pump", "device", "p7").expectSuccess();
      List<String> said = run(broker, ask).expectSuccess().out().lines().toList();
      assertEquals("allowed by api:pump#data", said.getFirst());
      assertTrue(said.getLast().startsWith("note: no certificate of the device"), said::toString);
    }
  }

  private static CommandLine.Result run(BrokerUnderTest broker, String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    int port = broker.endpoint(Transport.WSS).address().getPort();
    all.addAll(List.of("--server", "https://127.0.0.1:" + port));
    all.addAll(List.of("--data", broker.dataFolder().toString()));
    return CommandLine.signalbox(all.toArray(String[]::new));
  }
}
