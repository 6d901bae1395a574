package dev.wireproof.simulator;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.util.Set;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** Turns a server's record of frames off and on, by attaching to its process as the same user of the same machine. */
final class RecordingSwitch implements AutoCloseable {
    private static final String NAMES = "dev.wireproof:type=RecordingSwitch,*";

    private final JMXConnector connector;
    private final MBeanServerConnection server;
    private final ObjectName name;

    private RecordingSwitch(JMXConnector connector, MBeanServerConnection server, ObjectName name) {
        this.connector = connector;
        this.server = server;
        this.name = name;
    }

    @SuppressWarnings("BanJNDI") // the address is the one that this user's own process has just told by attaching to it
    static RecordingSwitch of(long pid) throws IOException, JMException {
        JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(localAgentOf(pid)));
        MBeanServerConnection server = connector.getMBeanServerConnection();
        Set<ObjectName> found = server.queryNames(new ObjectName(NAMES), null);
        if (found.size() != 1) {
            connector.close();
            throw new IllegalStateException("process " + pid + " is no server, or several in one: " + found);
        }
        return new RecordingSwitch(connector, server, found.iterator().next());
    }

    private static String localAgentOf(long pid) throws IOException {
        try {
            VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
            try {
                return machine.startLocalManagementAgent();
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException("cannot attach to process " + pid, e);
        }
    }

    void recording(boolean on) throws IOException, JMException {
        server.setAttribute(name, new Attribute("Recording", on));
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
