package io.signalbox.server.transport;

import javax.management.JMRuntimeException;
import javax.management.MBeanServer;
import javax.management.MBeanServerBuilder;
import javax.management.MBeanServerDelegate;
import org.jspecify.annotations.Nullable;

/** Makes no MBean server; public because Java's management API makes one of it by its name. */
public final class NoMBeanServer extends MBeanServerBuilder {
  @Override
  public MBeanServer newMBeanServer(
      @Nullable String defaultDomain, @Nullable MBeanServer outer, MBeanServerDelegate delegate) {
    throw new JMRuntimeException("no MBean server while XNIO is being loaded; try again");
  }
}
