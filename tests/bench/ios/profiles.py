"""The phones there are. Product types, board names, board and chip numbers: libirecovery's device table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of iPhone with its iOS."""

    key: str
    name: str
    product_type: str
    hardware_model: str
    board_id: int
    chip_id: int
    architecture: str
    version: str
    build: str
    udid: str
    serial: str
    wifi_address: str
    cpu_count: int
    memory_bytes: int

    @property
    def release(self) -> tuple[int, int]:
        """The first two numbers of the version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def ecid(self) -> int:
        """The chip's own number: the second half of a udid of the newer form."""
        return int(self.udid.replace("-", "")[-16:], 16)

    @property
    def has_tunnel(self) -> bool:
        """Whether developer services are reached through the tunnel, as from iOS 17.4 on."""
        return self.release >= (17, 4)


PROFILES = {
    profile.key: profile
    for profile in (
        Profile(
            key="iphonex",
            name="iPhone X",
            product_type="iPhone10,6",
            hardware_model="D221AP",
            board_id=0x0E,
            chip_id=0x8015,
            architecture="arm64",
            version="16.7.10",
            build="20H350",
            udid="b5e1f0a9c3d2478e96a1b0c2d3e4f5a6b7c8d9e0",
            serial="BENCHX000167",
            wifi_address="02:00:5e:00:16:07",
            cpu_count=6,
            memory_bytes=3 * 2**30,
        ),
        Profile(
            key="iphone16pro",
            name="iPhone 16 Pro",
            product_type="iPhone17,1",
            hardware_model="D93AP",
            board_id=0x0C,
            chip_id=0x8140,
            architecture="arm64e",
            version="18.6",
            build="22G86",
            udid="00008140-000A1B2C3D4E001C",
            serial="BENCHP000186",
            wifi_address="02:00:5e:00:18:06",
            cpu_count=6,
            memory_bytes=8 * 2**30,
        ),
        Profile(
            key="iphone15",
            name="iPhone 15",
            product_type="iPhone15,4",
            hardware_model="D37AP",
            board_id=0x08,
            chip_id=0x8120,
            architecture="arm64e",
            version="17.2.1",
            build="21C66",
            udid="00008120-000A1B2C3D4E002E",
            serial="BENCH1700021",
            wifi_address="02:00:5e:00:17:02",
            cpu_count=6,
            memory_bytes=6 * 2**30,
        ),
    )
}
