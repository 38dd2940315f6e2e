package io.signalbox.server.bench.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {

  @ParameterizedTest
  @CsvSource({
    "mqtt://h, mqtt://h:1883",
    "mqtts://h, mqtts://h:8883",
    "mqtts://h:1/, mqtts://h:1",
    "ws://h, ws://h:8080/mqtt",
    "wss://h/other, wss://h:8443/other",
    "wss://h/mqtt?a=b, wss://h:8443/mqtt?a=b",
    "WSS://h:9, wss://h:9/mqtt",
    "mqtt://[::1]:1883, mqtt://[::1]:1883",
  })
  void fillsInWhatIsLeftOut(String url, String expected) {
    assertEquals(expected, Endpoint.parse(url).toString());
  }

  @Test
  void keepsAnIpv6AddressWithoutBrackets() {
    assertEquals("::1", Endpoint.parse("mqtt://[::1]").host());
  }

  @ParameterizedTest
  @CsvSource({
    "http://h, must start with",
    "h:1883, must start with",
    "mqtt:///x, names no host",
    "mqtt://h/path, has a path",
    "mqtt://u:p@h, credentials have their own options",
    "mqtt://h:0, must be 1..65535",
    "mqtt://h:70000, must be 1..65535",
    "mqtt://h h, is no URL",
  })
  void refusesWhatItCannotReach(String url, String problem) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(url));
    assertTrue(String.valueOf(refusal.getMessage()).contains(problem), refusal::toString);
  }
}
