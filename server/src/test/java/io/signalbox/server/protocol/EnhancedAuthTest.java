package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.Will;
import org.junit.jupiter.api.Test;

final class EnhancedAuthTest {
  @Test
  void keepsOfConnectWhatAReauthenticationNeeds() {
    var will =
        new Will(
            SimulatedBroker.topic("t"), new byte[1_000], Qos.AT_MOST_ONCE, false, Properties.NONE);
    Properties properties = Properties.NONE.with(Property.AUTHENTICATION_DATA, new byte[1_000]);
    var connect =
        new Connect(ProtocolVersion.V5, "device", true, 60, will, "ann", null, properties);
    var auth = new EnhancedAuth(connect, "JWT");
    assertEquals(connect, auth.connect());
    auth.over(new byte[0]);
    assertEquals("ann", auth.connect().userName());
    assertEquals("device", auth.connect().clientId());
    assertNull(auth.connect().will());
    assertEquals(Properties.NONE, auth.connect().properties());
  }
}
