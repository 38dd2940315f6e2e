package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands make of an object that is there. */
final class ApiPutCommandTest {
  private final HttpServer server;
  private final Shell shell = new Shell();

  /** What is there, and then what was put. */
  private volatile JsonObject object = new JsonObject();

  private volatile String path = "";

  @TempDir Path folder;

  ApiPutCommandTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    object.addProperty("name", "acme");
    object.addProperty("enabled", true);
    object.addProperty("successor", "old");
    object.add("groups", new JsonArray());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      path = exchange.getRequestURI().getPath();
      if (exchange.getRequestMethod().equals("PUT")) {
        object = JsonParser.parseString(new String(body, UTF_8)).getAsJsonObject();
      }
      String text = path.endsWith("s") ? "{\"items\":[" + object + "]}" : object.toString();
      exchange.getResponseHeaders().set("ETag", "\"7\"");
      exchange.sendResponseHeaders(200, text.getBytes(UTF_8).length);
      exchange.getResponseBody().write(text.getBytes(UTF_8));
    }
  }

  @AfterEach
  void close() {
    server.stop(0);
  }

  private void run(String line) throws IOException {
    Path token = Files.writeString(folder.resolve("a.token"), "token");
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    words.addAll(List.of("--credential", token.toString()));
    words.addAll(List.of("--server", "http://127.0.0.1:" + server.getAddress().getPort()));
    assertEquals(0, shell.run(words.toArray(String[]::new)), shell::err);
  }

  @Test
  void anEmptyValueTakesTheFieldAway() throws Exception {
    run("ca set acme --set successor= --set groups= --set maxUses=");
    assertEquals("{\"name\":\"acme\",\"enabled\":true}", object.toString());
  }

  /** As from a variable of a shell that is not set: it must not look as if it had been changed. */
  @Test
  void anEmptySecretIsForTheApiToRefuse() throws Exception {
    run("user set acme --set password=");
    assertEquals("", object.get("password").getAsString());
  }

  @Test
  void aTrustedAuthorityIsShownChangedAndSwitched() throws Exception {
    run("ca trusted disable acme");
    assertEquals("/api/v1/trusted-cas/acme", path);
    assertEquals(false, object.get("enabled").getAsBoolean());
    run("ca trusted enable acme");
    assertEquals(true, object.get("enabled").getAsBoolean());
    run("ca trusted set acme --set crlUrl=http://pki.example/acme.crl");
    assertEquals("http://pki.example/acme.crl", object.get("crlUrl").getAsString());
    assertEquals("old", object.get("successor").getAsString(), "the other fields stay");
    run("ca trusted get acme");
    assertTrue(shell.out().contains("http://pki.example/acme.crl"), shell::out);
    run("ca trusted");
    assertTrue(shell.out().matches("NAME .*ENABLED.*\\Racme .*true.*\\R"), shell::out);
  }
}
