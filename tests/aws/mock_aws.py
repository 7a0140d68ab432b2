"""moto's server (CloudWatch Logs, EC2, STS), with three of its answers corrected to what AWS says.

Run by servers.py with the Python of the venv: mock_aws.py PORT. The corrections reach into moto's inside, so moto is pinned.
"""

import ipaddress
import random
import sys

import moto.s3.models
from moto.ec2.models import nat_gateways, vpcs
from moto.server import main


def retype(backend, interface, kind, description):
    """moto calls every interface `interface`, describes none, and gives it an address outside its subnet."""
    interface.interface_type = kind
    interface.description = description
    interface.requester_managed = True
    subnet = ipaddress.ip_network(interface.subnet.cidr_block)
    taken = {other.private_ip_address for other in backend.enis.values()}
    # AWS keeps the first four addresses of a subnet and the last one.
    free = [str(subnet[n]) for n in range(4, min(subnet.num_addresses - 1, 4096)) if str(subnet[n]) not in taken]
    address = random.choice(free)
    interface.private_ip_address = address
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]


def after(owner, name, correct):
    original = getattr(owner, name)

    def corrected(self, *args, **kwargs):
        made = original(self, *args, **kwargs)
        correct(self, made)
        return made

    setattr(owner, name, corrected)


def endpoint(backend, made):
    for name in made.network_interface_ids or []:
        interface = backend.get_network_interface(name)
        retype(backend, interface, "vpc_endpoint", f"VPC Endpoint Interface {made.id}")


def nat(backend, made):
    interface = made._eni
    retype(backend, interface, "nat_gateway", f"Interface for NAT Gateway {made.id}")
    made.private_ip = interface.private_ip_address
    for address in made.address_set:
        address["privateIp"] = interface.private_ip_address


after(vpcs.VPCBackend, "create_vpc_endpoint", endpoint)
after(nat_gateways.NatGatewayBackend, "create_nat_gateway", nat)

# CreateFlowLogs looks for a bucket named `bucket/prefix` where AWS takes the ARN of a folder.
get_bucket = moto.s3.models.S3Backend.get_bucket
moto.s3.models.S3Backend.get_bucket = lambda self, name: get_bucket(self, name.split("/", 1)[0])

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
