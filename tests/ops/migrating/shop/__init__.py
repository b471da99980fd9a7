"""An app with nothing but migrations, of the kinds that go wrong when they are interrupted or run twice."""
