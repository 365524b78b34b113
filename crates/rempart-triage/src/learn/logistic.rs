//! Logistic regression over sparse features, trained by AdaGrad (Duchi, Hazan, Singer 2011, JMLR 12:2121) with a
//! penalty on the squares of weights.

use super::features::{Sparse, shuffle};

/// One example.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its features.
    pub features: Sparse,
    /// Whether it is of the class.
    pub positive: bool,
    /// How much it counts.
    pub weight: f32,
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    /// Rounds over all examples.
    pub rounds: u32,
    /// The size of the first steps.
    pub rate: f32,
    /// The penalty on the square of each weight, for each example that has the feature.
    pub penalty: f32,
    /// For the order of examples.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self { rounds: 6, rate: 0.15, penalty: 1e-6, seed: 1 }
    }
}

/// Weights of features and a bias; the log-odds are their sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// By place of the feature.
    pub weights: Vec<f32>,
    /// What holds for all.
    pub bias: f32,
}

/// The probability for log-odds.
pub fn sigmoid(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}

impl Logistic {
    /// Learns from examples whose features are below `size`. The same examples and seed give the same bits.
    pub fn train(examples: &[Example], size: usize, training: &Training) -> Self {
        let mut weights = vec![0.0f32; size];
        let mut squares = vec![1e-8f32; size];
        let (mut bias, mut bias_square) = (0.0f32, 1e-8f32);
        let mut order: Vec<u32> = (0..u32::try_from(examples.len()).unwrap_or(u32::MAX)).collect();
        for round in 0..training.rounds {
            shuffle(&mut order, training.seed.wrapping_add(u64::from(round)));
            for number in &order {
                let Some(example) = examples.get(*number as usize) else { continue };
                let odds = bias + dot(&weights, &example.features);
                let error = (sigmoid(odds) - f32::from(u8::from(example.positive))) * example.weight;
                bias_square += error * error;
                bias -= training.rate * error / bias_square.sqrt();
                for (place, value) in &example.features {
                    let place = *place as usize;
                    let (Some(weight), Some(square)) = (weights.get_mut(place), squares.get_mut(place))
                    else {
                        continue;
                    };
                    let slope = error * value + training.penalty * *weight;
                    *square += slope * slope;
                    *weight -= training.rate * slope / square.sqrt();
                }
            }
        }
        Self { weights, bias }
    }

    /// The log-odds of an example.
    pub fn odds(&self, features: &[(u32, f32)]) -> f32 {
        self.bias + dot(&self.weights, features)
    }
}

fn dot(weights: &[f32], features: &[(u32, f32)]) -> f32 {
    features.iter().map(|(place, value)| weights.get(*place as usize).copied().unwrap_or(0.0) * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(places: &[u32], positive: bool) -> Example {
        Example { features: places.iter().map(|place| (*place, 1.0)).collect(), positive, weight: 1.0 }
    }

    #[test]
    fn it_learns_what_tells_them_apart_and_always_the_same() {
        let examples: Vec<Example> =
            (0..400).map(|number| example(&[number % 2, 2 + number % 7], number % 2 == 0)).collect();
        let model = Logistic::train(&examples, 9, &Training::default());
        assert!(model.odds(&[(0, 1.0)]) > 2.0 && model.odds(&[(1, 1.0)]) < -2.0, "{model:?}");
        assert_eq!(model, Logistic::train(&examples, 9, &Training::default()));
        // A feature that the model does not have says nothing.
        assert_eq!(model.odds(&[(700, 1.0)]).to_bits(), model.bias.to_bits());
    }
}
