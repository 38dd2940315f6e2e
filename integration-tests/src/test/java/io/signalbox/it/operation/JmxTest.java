package io.signalbox.it.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.tools.attach.VirtualMachine;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import java.util.Set;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.Test;

/** What a JMX client such as jconsole finds. */
final class JmxTest {
  @Test
  @SuppressWarnings("BanJNDI") // the address is one of our own child process
  void aStartMakesNoMBeanServerAndAClientGetsThePlatforms() throws Exception {
    try (BrokerUnderTest broker = BrokerUnderTest.start("jmx", BrokerConfig.open())) {
      VirtualMachine machine = VirtualMachine.attach(String.valueOf(broker.pid()));
      String address;
      try {
        address = machine.startLocalManagementAgent();
      } finally {
        machine.detach();
      }
      try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address))) {
        MBeanServerConnection beans = connector.getMBeanServerConnection();
        var runtime = new ObjectName("java.lang:type=Runtime");
        assertEquals(broker.pid(), beans.getAttribute(runtime, "Pid"));
        assertTrue(beans.isRegistered(new ObjectName("com.sun.management:type=DiagnosticCommand")));
        // Had the server been there when XNIO was loaded, XNIO's beans would be in it.
        assertEquals(Set.of(), beans.queryNames(new ObjectName("org.xnio:*"), null));
        assertEquals(Set.of(), beans.queryNames(new ObjectName("jboss.threads:*"), null));
      }
    }
  }
}
